"""A retrain keeps encoding and borders, follows customers who have moved, and reassigns few of them at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segment_model.encoding.encoder import Encoder, Transform
from segments import Column, Kind, SegmentModel, VectorContract
from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.gaussian_mixture_settings import GaussianMixtureSettings
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.encoding import choose_transform, fit_encoding
from training.incumbent.assignments import assign_vectors
from training.incumbent.continuation import MOST_AT_ONCE, interpolate, shares_have_moved, shares_of
from training.settings import DiscoverySettings, EncodingSettings

NONE, LOG1P = Transform.NONE, Transform.LOG1P


def skewed(skewness: float) -> pd.Series[Any]:
    """A fair share of ones among zeros: skewness (1 - 2p) / √(p (1 - p))."""
    shares = np.linspace(0.001, 0.999, 999)
    share = shares[np.argmin(np.abs((1 - 2 * shares) / np.sqrt(shares * (1 - shares)) - skewness))]
    ones = round(1000 * float(share))
    return pd.Series(np.repeat([1.0, 0.0], [ones, 1000 - ones]))


@pytest.mark.parametrize(
    ("skewness", "before", "now"),
    [
        (1.2, None, LOG1P),
        (0.9, None, NONE),
        (0.6, LOG1P, LOG1P),  # what a first discovery would not take, a retrain does not leave
        (0.4, LOG1P, NONE),
        (1.8, NONE, NONE),
        (2.3, NONE, LOG1P),
        (1.2, Transform.QUANTILE, LOG1P),  # the settings asked for that one, and ask no more
    ],
)
def test_a_transform_is_left_for_a_clear_reason_only(skewness: float, before: Transform | None, now: Transform) -> None:
    column = Column("visits", Kind.NUMBER)
    assert choose_transform(skewed(skewness), column, EncodingSettings(), before) is now


def test_settings_and_impossible_logarithms_outweigh_what_was() -> None:
    column, values = Column("change", Kind.NUMBER), skewed(3.0)
    asked = EncodingSettings(transforms={"change": NONE})
    assert choose_transform(values, column, asked, LOG1P) is NONE
    assert choose_transform(values - 1, column, EncodingSettings(), LOG1P) is NONE  # below zero now


def retrain(
    frame: pd.DataFrame,
    contract: VectorContract,
    incumbent: SegmentModel | None,
    *algorithms: AlgorithmSettings,
    **more: Any,
) -> Discovery:
    chosen = DiscoverySettings(algorithms=algorithms, force=True, **more)
    return discover(frame, contract, chosen, {"seed": chosen.seed}, incumbent=incumbent)


def borders(model: SegmentModel) -> dict[str, bytes]:
    """Everything on which an assignment depends, to the bit."""
    document, arrays = model.encoder.to_state()
    everything = {**arrays, **model.assigner.arrays(), "form": np.array(str(document))}
    return {name: array.tobytes() for name, array in everything.items()}


@pytest.mark.parametrize(
    "algorithm",
    [KMeansSettings(segments=3), KMeansSettings(segments=6), HdbscanSettings(), GaussianMixtureSettings(segments=4)],
    ids=["kmeans 3", "kmeans 6", "hdbscan", "mixture"],
)
def test_without_news_a_retrain_is_the_incumbent_to_the_bit(planted: Any, algorithm: AlgorithmSettings) -> None:
    """Rows in another order, another seed, and a customer like none before."""
    first = retrain(planted.frame, planted.contract, None, algorithm)
    stranger = planted.frame.iloc[:1].set_axis(["stranger"])
    stranger[["frequency", "monetary_value"]] *= 50
    stranger["country"] = "Atlantis"
    shuffled = pd.concat([planted.frame, stranger]).sample(frac=1, random_state=1)
    second = retrain(shuffled, planted.contract, first.model, algorithm, seed=1)
    assert borders(second.model) == borders(first.model)
    assert second.chosen is second.candidates[-1]
    assert second.choice.reason.startswith("the champion's segments (")
    assert len(second.choice.remarks) == len(second.candidates)
    known = second.frame.index.get_indexer(first.frame.index)
    assert np.array_equal(second.labels[known], first.labels)


def cloud(shift: float, seed: int, count: int = 3000) -> tuple[pd.DataFrame, VectorContract]:
    """One cloud of customers without groups, whose spend has grown by `shift` standard deviations."""
    values = np.random.default_rng(seed).normal([50 + shift, 50], 1.0, (count, 2))
    index = pd.Index([f"c{seed}-{number}" for number in range(count)], dtype="str", name="customer_id")
    columns = (Column("spend", Kind.NUMBER), Column("visits", Kind.NUMBER))
    return pd.DataFrame(values, columns=["spend", "visits"], index=index), VectorContract(columns)


@pytest.mark.parametrize("segments", [2, 4, 6])
def test_a_drift_is_followed_slowly_and_then_there_is_no_news(segments: int) -> None:
    asked = KMeansSettings(segments=segments)
    first = retrain(*cloud(0.0, 1), None, asked).model
    frame, contract = cloud(0.7, 2)
    second = retrain(frame, contract, first, asked)
    before, now = (assign_vectors(model, frame).segment for model in (first, second.model))
    assert 0 < np.mean(before != now) <= MOST_AT_ONCE
    assert "of the way to the centres of today" in second.choice.reason
    third = retrain(frame.sample(frac=1, random_state=3), contract, second.model, asked, seed=5)
    assert borders(third.model) == borders(second.model)


def test_who_has_not_moved_is_no_news() -> None:
    members = np.repeat([0, 1, -1], [600, 390, 10])
    now = shares_of(members, 2)
    assert not shares_have_moved(np.array([0.6, 0.39]), now, len(members))
    assert not shares_have_moved(np.array([0.605, 0.385]), now, len(members))
    assert shares_have_moved(np.array([0.62, 0.38]), now, len(members))
    assert not shares_have_moved(
        np.array([0.5, 0.5]), shares_of(np.repeat([0, 1], [12, 10]), 2), 22
    )  # of 22 customers one is no news


def test_the_way_leads_from_one_encoding_to_the_other(planted: Any, kmeans_model: SegmentModel) -> None:
    later = planted.frame.assign(monetary_value=planted.frame["monetary_value"] * 2)
    old, new = kmeans_model.encoder, fit_encoding(later, planted.contract, EncodingSettings()).encoder
    sites = kmeans_model.assigner.sites
    assert sites is not None
    centres = sites + 1
    for share, encoder, placed in ((0.0, old, sites), (1.0, new, centres)):
        between, reached = interpolate(old, sites, new, centres, share)
        assert np.array_equal(reached, placed)
        assert _state(between) == _state(encoder)
    between, reached = interpolate(old, sites, new, centres, 0.25)
    assert reached == pytest.approx(sites + 0.25)
    assert between.numbers.center == pytest.approx(0.75 * old.numbers.center + 0.25 * new.numbers.center)


def test_a_column_in_another_form_is_todays_at_once(planted: Any, kmeans_model: SegmentModel) -> None:
    other = EncodingSettings(transforms={"recency_days": Transform.QUANTILE}, rare_share=0.4)
    new = fit_encoding(planted.frame, planted.contract, other).encoder
    assert new.categories[0].level_names != kmeans_model.encoder.categories[0].level_names
    sites = kmeans_model.assigner.sites
    assert sites is not None
    today = np.full((len(sites), new.width), 77.0)
    between, placed = interpolate(kmeans_model.encoder, sites, new, today, 0.5)
    place, numbers = new.numbers.names.index("recency_days"), len(new.numbers.names)
    assert np.all(placed[:, place] == 77.0)
    assert np.all(placed[:, numbers:] == 77.0)
    assert not np.any(np.delete(placed[:, :numbers], place, axis=1) == 77.0)
    assert between.categories == new.categories
    assert between.numbers.center[place] == new.numbers.center[place]


def _state(encoder: Encoder) -> dict[str, Any]:
    document, arrays = encoder.to_state()
    return {**document, **{name: array.tolist() for name, array in arrays.items()}}


def test_the_settings_outweigh_the_incumbent(planted: Any) -> None:
    four = retrain(planted.frame, planted.contract, None, KMeansSettings(segments=4)).model
    three = retrain(planted.frame, planted.contract, four, KMeansSettings(segments=3))
    assert len(three.model.ids) == 3
    assert not any("champion" in candidate.spec.name for candidate in three.candidates)
    four = replace(four, provenance={**four.provenance, "settings": {"discovery": {"encoding": {"scale": False}}}})
    rescaled = retrain(planted.frame, planted.contract, four, KMeansSettings(segments=4))
    assert borders(rescaled.model) != borders(four)
    assert "of the way to the centres of today" in rescaled.choice.reason
