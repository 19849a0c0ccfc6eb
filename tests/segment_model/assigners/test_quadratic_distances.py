"""An assigner's formulas, as other engines compute them, are its own distances and contributions."""

from __future__ import annotations

import numpy as np
import pytest

from segments import SegmentModel


def points_of(model: SegmentModel) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 2, (model.encoder.width, 50))


@pytest.mark.parametrize("name", ["kmeans_model", "mixture_model"])
def test_the_distances_by_formula(name: str, request: pytest.FixtureRequest) -> None:
    model: SegmentModel = request.getfixturevalue(name)
    formula, points = model.assigner.quadratic, points_of(model)
    assert formula is not None
    factors = np.eye(len(points)) if formula.factors is None else formula.factors
    deviations = (points.T[:, None, :] - formula.means)[:, :, None, :] @ factors
    distances = np.sqrt((deviations**2).sum(axis=(2, 3)) + formula.penalties)
    near = model.assigner.nearest(points)
    assert distances.argmin(axis=1).tolist() == near.segment.tolist()
    np.testing.assert_allclose(distances.min(axis=1), near.distance, rtol=1e-12)


@pytest.mark.parametrize("name", ["kmeans_model", "mixture_model"])
def test_the_contributions_by_formula(name: str, request: pytest.FixtureRequest) -> None:
    model: SegmentModel = request.getfixturevalue(name)
    parts, points = model.explainer.by_segment, points_of(model)
    assert parts is not None
    deviations = points.T - parts.mean
    pulls = parts.slopes[:, None, :] + (
        0 if parts.quadratics is None else np.einsum("kij,nj->kni", parts.quadratics, deviations)
    )
    shares = pulls * deviations - parts.expected[:, None, :]
    toward, against = np.full(50, 1), np.full(50, 3)
    explained = model.explainer.explain(points, toward, against)
    by_column = model.encoder.by_column((shares[1] - shares[3]).T)
    np.testing.assert_allclose(by_column.T, explained.contributions, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(parts.base[1, 3], explained.base)


def test_exemplars_have_no_formula(hdbscan_model: SegmentModel) -> None:
    assert hdbscan_model.assigner.quadratic is None
    assert hdbscan_model.explainer.by_segment is None
