"""Why A and not B, for any B that the caller names: the score is the margin of A over B by the assigner's distance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from segment_model.assigners.gaussian_mixture import GaussianMixture
from segment_model.assigners.nearest_core import SOFTNESS, NearestCore
from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import ContractError
from segments import SegmentModel


def distances_of(model: SegmentModel, frame: Any) -> Floats:
    """(n, segments): squared for KMeans, soft reachability for HDBSCAN, minus the log-density for a mixture, written
    again from their definitions."""
    points = model.encoder.encode(model.scorer.reader.frame(frame)).T
    if isinstance(model.assigner, GaussianMixture):
        arrays = model.assigner.arrays()
        factored = np.einsum("nsi,sij->nsj", points[:, None, :] - arrays["means"], arrays["factors"])
        surprise: Floats = (factored**2).sum(axis=2) / 2 - arrays["heights"]
        return surprise
    if not isinstance(model.assigner, NearestCore):
        centroids = model.assigner.arrays()["centroids"]
        squared: Floats = ((points[:, None, :] - centroids[None, :, :]) ** 2).sum(axis=2)
        return squared
    assigner = model.assigner
    gaps = ((points[:, None, :] - assigner.exemplars[None, :, :]) ** 2).sum(axis=2)
    reach = np.sqrt(gaps + (SOFTNESS * assigner.core) ** 2)
    return np.stack([reach[:, assigner.owner == s].min(axis=1) for s in range(assigner.size)], axis=1)


def margins(distances: Floats, toward: Indices, against: Indices) -> Floats:
    everyone = np.arange(len(distances))
    result: Floats = distances[everyone, against] - distances[everyone, toward]
    return result


def test_the_score_is_the_margin_over_whatever_segment_is_named(model: SegmentModel, planted: Any) -> None:
    frame = planted.frame.iloc[:60]
    distances = distances_of(model, frame)
    order = np.argsort(distances, axis=1, kind="stable")
    for position, segment in enumerate(model.ids):
        explanations = model.explain_table(frame, against=segment)
        assert np.array_equal(explanations.toward, order[:, 0]), "A is the nearest segment, whatever B is"
        expected = np.where(order[:, 0] == position, order[:, 1], position)
        assert np.array_equal(explanations.against, expected), "where B is the nearest itself, the runner-up stands in"
        np.testing.assert_allclose(
            explanations.score, margins(distances, explanations.toward, explanations.against), atol=1e-9
        )
        np.testing.assert_allclose(
            explanations.base + explanations.contributions.sum(axis=1), explanations.score, atol=1e-9
        )
        assert np.all(explanations.score >= -1e-9), "the nearest segment wins against every other"


def test_naming_the_runner_up_is_saying_nothing(model: SegmentModel, planted: Any) -> None:
    frame = planted.frame.iloc[:25]
    plain = model.explain_table(frame)
    for row in range(len(frame)):
        named = model.explain_table(frame.iloc[[row]], against=model.ids[plain.against[row]])
        assert np.array_equal(named.contributions[0], plain.contributions[row])
        assert (named.base[0], named.score[0]) == (plain.base[row], plain.score[row])


def test_kmeans_margins_add_up_around(kmeans_model: SegmentModel, planted: Any) -> None:
    """A over C is A over B and B over C, column by column: no contrast contradicts another."""
    explainer = kmeans_model.explainer
    points = kmeans_model.encoder.encode(kmeans_model.scorer.reader.frame(planted.frame.iloc[:30]))
    a, b, c = (np.full(30, position) for position in (0, 1, 2))
    ab, bc, ac = (explainer.explain(points, segment, other) for segment, other in ((a, b), (b, c), (a, c)))
    np.testing.assert_allclose(ab.contributions + bc.contributions, ac.contributions, atol=1e-9)
    np.testing.assert_allclose(ab.score + bc.score, ac.score, atol=1e-9)
    ba = explainer.explain(points, b, a)
    np.testing.assert_allclose(ba.contributions, -ab.contributions, atol=1e-12)


def test_the_shap_explanation_holds_the_same_contrast(model: SegmentModel, planted: Any) -> None:
    frame = planted.frame.iloc[:4]
    table = model.explain_table(frame, against=model.ids[1])
    shown = model.explain(frame, against=model.ids[1])
    assert np.array_equal(shown.values, table.contributions)
    assert np.array_equal(shown.base_values, table.base)


def test_an_outsider_is_explained_toward_the_nearest(hdbscan_model: SegmentModel, planted: Any) -> None:
    outside = hdbscan_model.assign(planted.frame)["unassigned"].to_numpy()
    frame = planted.frame[outside].iloc[:5]
    if frame.empty:
        frame = planted.frame.iloc[:1].assign(recency_days=0.0, frequency=1.0, monetary_value=5000.0)
    assert hdbscan_model.assign(frame)["unassigned"].all()
    explanations = hdbscan_model.explain_table(frame, against=hdbscan_model.ids[0])
    distances = distances_of(hdbscan_model, frame)
    assert np.array_equal(explanations.toward, np.argmin(distances, axis=1))
    np.testing.assert_allclose(
        explanations.score, margins(distances, explanations.toward, explanations.against), atol=1e-9
    )


def test_a_renamed_segment_is_still_found_by_its_id(kmeans_model: SegmentModel, planted: Any) -> None:
    with pytest.raises(ContractError, match=r"^no segment .*; the model has seg-"):
        kmeans_model.explain_table(planted.frame.iloc[:1], against=kmeans_model.names[0])
