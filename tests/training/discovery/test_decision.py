"""A retrain keeps the champion's segments, says what would be clearly better, and takes that on request."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from segments import Column, Kind, SegmentModel, VectorContract
from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.gaussian_mixture_settings import GaussianMixtureSettings
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.settings import DiscoverySettings
from training.succession.succession import succeed

FEW = DiscoverySettings(algorithms=(KMeansSettings(segments=(2, 5), starts=3),))


@pytest.fixture(scope="module")
def coarse(planted: Any) -> SegmentModel:
    """A champion of two segments where there are four groups."""
    two = DiscoverySettings(algorithms=(KMeansSettings(segments=2),), force=True)
    return discover(planted.frame, planted.contract, two, {}).model


def retrained(planted: Any, champion: SegmentModel, **changes: Any) -> Discovery:
    return discover(planted.frame, planted.contract, FEW.model_copy(update=changes), {}, incumbent=champion)


def test_what_is_clearly_better_is_said_and_taken_on_request(planted: Any, coarse: SegmentModel) -> None:
    cold = discover(planted.frame, planted.contract, FEW, {})
    kept = retrained(planted, coarse)
    assert len(kept.model.ids) == 2
    assert f"{cold.chosen.spec.name} is clearly better" in kept.choice.reason
    assert "`--prefer quality` takes it" in kept.choice.reason
    taken = retrained(planted, coarse, prefer="quality")
    assert np.array_equal(taken.labels, cold.labels)
    model, lineage = succeed(taken.model, coarse, planted.frame)
    assert f"would reassign {lineage.reassigned} of 400 customers" in kept.choice.reason
    assert f"and reassigns {lineage.reassigned} of 400 customers" in taken.choice.reason
    assert "clearly better than the champion's segments" in taken.choice.reason
    again = retrained(planted, model, prefer="quality", seed=1)
    assert np.array_equal(again.labels, taken.labels)
    assert "finds them again" in again.choice.reason


def test_segments_that_break_the_limits_cannot_go_on(planted: Any, coarse: SegmentModel) -> None:
    three = retrained(planted, coarse, min_segments=3)
    assert len(three.model.ids) >= 3
    assert "the champion's segments cannot go on: 2 segments, allowed are 3 to" in three.choice.reason
    assert three.choice.remarks[-1].startswith("refused: ")


def test_where_no_new_candidate_may_be_chosen_the_segments_go_on(planted: Any, coarse: SegmentModel) -> None:
    """Two segments, each just under the least share that is allowed: for segments that go on a limit is wider."""
    least = 1.1 * min(card.share for card in coarse.cards)
    kept = retrained(
        planted, coarse, algorithms=(KMeansSettings(segments=2, starts=1),), min_share=least, max_share=0.99
    )
    assert len(kept.model.ids) == 2
    assert "no new candidate may be chosen" in kept.choice.reason
    assert all(remark.startswith("refused: ") for remark in kept.choice.remarks[:-1])


def test_a_retrain_says_who_is_kept_new_and_ended(planted: Any, coarse: SegmentModel) -> None:
    taken = retrained(planted, coarse, prefer="quality")
    model, lineage = succeed(taken.model, coarse, planted.frame)
    kept, new, ended, reassigned = lineage.sentences
    inherited = [card.name for card in model.cards if card.id in coarse.ids]
    assert kept.startswith("kept: ") == bool(inherited)
    assert all(name in kept for name in inherited)
    assert all(card.name in new for card in model.cards if card.id not in coarse.ids)
    assert ended == "ended: none"
    differ = (
        coarse.assign(planted.frame)["segment_id"].to_numpy() != model.assign(planted.frame)["segment_id"].to_numpy()
    )
    assert reassigned == f"reassigned: {differ.sum()} of 400 customers ({100 * differ.mean():.1f} %)"
    assert model.provenance["lineage"]["sentences"] == lineage.sentences
    same, lineage = succeed(retrained(planted, coarse).model, coarse, planted.frame)
    assert set(same.ids) == set(coarse.ids)
    assert lineage.sentences[1:] == ["new: none", "ended: none", "reassigned: 0 of 400 customers (0.0 %)"]


@pytest.mark.parametrize("algorithm", [KMeansSettings(), HdbscanSettings(), GaussianMixtureSettings(starts=1)])
def test_a_segment_without_customers_ends_and_the_others_go_on(planted: Any, algorithm: AlgorithmSettings) -> None:
    settings = DiscoverySettings(algorithms=(algorithm,), force=True)
    first = discover(planted.frame, planted.contract, settings, {}).model
    now = first.assign(planted.frame)["segment_id"]
    gone = first.ids[0]
    left = planted.frame[(now != gone) | (np.arange(len(now)) < 2)]  # hardly any of it is left
    second, lineage = succeed(discover(left, planted.contract, settings, {}, incumbent=first).model, first, left)
    assert set(second.ids) == set(first.ids) - {gone}
    assert [segment.id for segment in lineage.gone] == [gone]
    former, latter = first.assign(left)["segment_id"], second.assign(left)["segment_id"]
    assert latter[former != gone].equals(former[former != gone])
    assert lineage.reassigned == int((former == gone).sum())


def test_beside_the_ladder_the_unions_are_those_of_the_segments_that_go_on() -> None:
    values = np.random.default_rng(3).normal(size=(600, 2)) * [3.0, 1.0]
    index = pd.Index([f"c{number}" for number in range(600)], dtype="str", name="customer_id")
    frame = pd.DataFrame(values, columns=["spend", "visits"], index=index)
    contract = VectorContract((Column("spend", Kind.NUMBER), Column("visits", Kind.NUMBER)))
    asked = DiscoverySettings(algorithms=(KMeansSettings(segments=(2, 4), starts=3),))
    forced = DiscoverySettings(algorithms=(KMeansSettings(segments=4, starts=3),), force=True)
    champion = discover(frame, contract, forced, {}).model
    kept = discover(frame, contract, asked, {}, incumbent=champion)
    assert kept.chosen is kept.candidates[-1]
    assert kept.ladder is not None
    assert kept.ladder.chosen is None
    assert all(len(union.members) == 4 for union in kept.ladder.unions)
    coarser = {rung.segments for rung in kept.ladder.rungs if rung.steady and rung.segments < 4}
    assert {union.segments for union in kept.ladder.unions} == coarser
