"""Ids and names survive a retrain: matched by members, passed on once, never reused; and a retrain moves few."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segments import Column, Kind, SegmentLabel, SegmentModel, VectorContract
from tests.training.kept_share import kept_share
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.incumbent.contingency import overlap
from training.segment_ids import fresh_id
from training.settings import DiscoverySettings
from training.succession.succession import Fate, fates, inherited, succeed

KEPT, SPLIT, MERGED, NEW, RETIRED = Fate.KEPT, Fate.SPLIT, Fate.MERGED, Fate.NEW, Fate.RETIRED


def discovery_of(planted: Any, segments: int, seed: int = 0, rows: Any = slice(None), **provenance: Any) -> Discovery:
    chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=segments),), seed=seed)
    return discover(planted.frame.iloc[rows], planted.contract, chosen, {"seed": seed, **provenance})


@pytest.mark.parametrize(
    ("counts", "heir", "old_fates", "new_fates"),
    [
        ([[90, 10], [5, 95]], [0, 1], [KEPT, KEPT], [KEPT, KEPT]),
        ([[5, 95], [90, 10]], [1, 0], [KEPT, KEPT], [KEPT, KEPT]),
        ([[60, 40]], [0, -1], [SPLIT], [SPLIT, SPLIT]),
        ([[30, 45, 25]], [-1, 0, -1], [SPLIT], [SPLIT, SPLIT, SPLIT]),  # no part holds half: the largest has the id
        ([[70], [30]], [0], [MERGED, MERGED], [MERGED]),
        ([[100, 0], [0, 0]], [0, -1], [KEPT, RETIRED], [KEPT, NEW]),  # nobody is left of one, nobody known in another
        ([[34, 33, 33], [33, 34, 33], [33, 33, 34]], [-1, -1, -1], [RETIRED] * 3, [NEW] * 3),  # all is mixed up
        ([[96, 4], [0, 60]], [0, 1], [KEPT, KEPT], [KEPT, KEPT]),  # a tenth or less is drift
    ],
)
def test_what_becomes_of_segments(
    counts: list[list[int]], heir: list[int], old_fates: list[Fate], new_fates: list[Fate]
) -> None:
    table = np.array(counts)
    assert inherited(table) == heir
    assert fates(table, heir) == (old_fates, new_fates)


@settings(max_examples=100, deadline=None)
@given(arrays(np.intp, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.integers(0, 40)), st.randoms())
def test_an_id_is_passed_on_once_at_most_and_the_order_of_segments_means_nothing(counts: Any, random: Any) -> None:
    heir = inherited(counts)
    passed_on = [old for old in heir if old >= 0]
    assert len(set(passed_on)) == len(passed_on)
    assert all(counts[old, new] > 0 for new, old in enumerate(heir) if old >= 0)
    if len(np.unique(counts)) == counts.size:  # ties are broken by position
        order = random.sample(range(counts.shape[1]), counts.shape[1])
        assert inherited(counts[:, order]) == [heir[new] for new in order]


def test_a_retrain_keeps_ids_names_and_what_people_wrote(planted: Any) -> None:
    first = discovery_of(planted, 4, rows=slice(0, 380)).model
    second, lineage = succeed(discovery_of(planted, 4, seed=1).model, first, planted.frame)
    assert set(second.ids) == set(first.ids)
    assert {segment.fate for segment in lineage.segments} == {KEPT}
    assert lineage.gone == ()
    before, now = first.assign(planted.frame), second.assign(planted.frame)
    assert np.mean(before["segment_id"] == now["segment_id"]) >= 0.98
    former = {card.id: card.name for card in first.cards}
    assert {card.id: card.name for card in second.cards} == former
    renamed = second.with_overlay({first.ids[0]: SegmentLabel("Our darlings", "never call on Mondays")})
    card = renamed.cards[renamed.position(first.ids[0])]
    assert (card.name, card.notes) == ("Our darlings", "never call on Mondays")


def test_retired_ids_are_never_given_again(planted: Any) -> None:
    four = discovery_of(planted, 4).model
    two, merged = succeed(discovery_of(planted, 2).model, four, planted.frame)
    again, split = succeed(discovery_of(planted, 4).model, two, planted.frame)
    gone = set(four.ids) - set(two.ids)
    assert set(merged.retired_ids) == gone
    assert len(gone) >= 2
    assert not gone & set(again.ids)  # the same customers make the same segments as at first, under new ids
    assert gone <= set(split.retired_ids)
    assert (merged.generation, split.generation) == (2, 3)
    assert {segment.fate for segment in split.segments} <= {KEPT, SPLIT}
    largest = max(
        split.segments, key=lambda segment: segment.ties[0].customers if segment.ties[0].id in again.ids else 0
    )
    assert largest.id in two.ids


def test_new_ids_depend_on_the_incumbent_too(planted: Any) -> None:
    left, right = discovery_of(planted, 2, name="left").model, discovery_of(planted, 2, name="right").model
    challenger = discovery_of(planted, 4).model
    minted = [set(succeed(challenger, old, planted.frame)[0].ids) - set(old.ids) for old in (left, right)]
    assert all(minted)
    assert not minted[0] & minted[1]
    assert not set.union(*minted) & set(challenger.ids)
    assert fresh_id("seed", ()) == fresh_id("seed", ()) != fresh_id("seed", (fresh_id("seed", ()),))


def test_the_lineage_is_part_of_the_saved_model(planted: Any, tmp_path: Path) -> None:
    first = discovery_of(planted, 4).model
    second, lineage = succeed(discovery_of(planted, 2).model, first, planted.frame)
    again, _ = succeed(discovery_of(planted, 2).model, first, planted.frame)
    assert second.digest == again.digest
    second.save(tmp_path / "model")
    loaded = SegmentModel.load(tmp_path / "model")
    assert loaded.provenance["lineage"] == lineage.to_json()
    assert loaded.provenance["lineage"]["incumbent"] == first.digest
    assert loaded.provenance["lineage"]["thresholds"]["kept_jaccard"] == 0.5
    ties = [tie for segment in lineage.segments for tie in segment.ties]
    assert sum(tie.customers for tie in ties) == lineage.compared == lineage.customers == len(planted.frame)


@pytest.mark.parametrize("how", ["gone", "unit"])
def test_an_incumbent_that_cannot_read_the_vectors_passes_nothing_on(planted: Any, how: str) -> None:
    contract, frame = planted.contract, planted.frame
    if how == "gone":
        contract = VectorContract(tuple(c for c in contract.columns if c.name != "frequency"))
        frame = frame.drop(columns="frequency")
    else:
        contract = VectorContract(
            tuple(replace(c, unit="hours") if c.name == "recency_days" else c for c in contract.columns)
        )
    incumbent = discovery_of(planted, 4).model
    chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=4),))
    new = discover(frame, contract, chosen, {}, incumbent=incumbent).model
    second, lineage = succeed(new, incumbent, frame)
    assert not set(second.ids) & set(incumbent.ids)
    assert {segment.fate for segment in lineage.segments} == {NEW}
    assert {segment.fate for segment in lineage.gone} == {RETIRED}
    assert ("frequency" if how == "gone" else "recency_days") in lineage.objection
    assert lineage.objection in lineage.summary


def test_customers_whom_a_model_cannot_assign_do_not_count(planted: Any, hdbscan_model: SegmentModel) -> None:
    frame = planted.frame.copy()
    frame.iloc[:30, frame.columns.get_loc("monetary_value")] = np.nan  # never missing when the incumbent was trained
    chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=4),))
    new = discover(frame, planted.contract, chosen, {}, incumbent=hdbscan_model).model
    _, lineage = succeed(new, hdbscan_model, frame)
    outside = int(hdbscan_model.assign(frame.iloc[30:])["unassigned"].sum())
    assert lineage.compared == len(frame) - 30 - outside
    nobody, lineage = succeed(new, hdbscan_model, frame.iloc[:0])
    assert lineage.compared == 0
    assert not set(nobody.ids) & set(hdbscan_model.ids)


def test_a_passed_on_name_never_contradicts_the_new_medians_and_none_is_there_twice(planted: Any) -> None:
    first = discovery_of(planted, 4).model
    flipped = planted.frame.assign(recency_days=planted.frame["recency_days"].max() - planted.frame["recency_days"])
    chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=4),))
    second, _ = succeed(discover(flipped, planted.contract, chosen, {}).model, first, flipped)
    overall = {name: flipped[name].median() for name in ("recency_days", "frequency", "monetary_value")}
    words = {(c.name, end): getattr(c, end) for c in planted.contract.columns for end in ("low", "high")}
    for card in second.cards:
        for name, middle in overall.items():
            median = card.medians[name]
            assert isinstance(median, float)
            phrases = card.name.split(", ")
            assert words[name, "high"] not in phrases or median >= middle
            assert words[name, "low"] not in phrases or median <= middle
    assert len(set(second.names)) == len(second.names)


# -- customers who stay ------------------------------------------------------------------------------------------------


def test_the_kept_share_counts_who_stays() -> None:
    before, after = np.array([0, 0, 0, 1, 1, -1, -1]), np.array([2, 2, 0, 0, 0, -1, 1])
    assert kept_share(after, before) == pytest.approx(5 / 7)  # 2 + 2 in the best matching, and one stays outside
    assert kept_share(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)) == 1.0
    assert overlap(before, after).tolist() == [[1, 0, 2], [2, 0, 0]]


def test_a_refit_with_newcomers_and_another_seed_keeps_the_ids() -> None:
    """The worst case for ids: one heavy-tailed cloud, no groups at all."""
    generator = np.random.default_rng(8)
    values = np.exp(generator.normal(3, 1, (900, 3)) + generator.normal(0, 1, (900, 1)))
    columns = tuple(Column(name, Kind.NUMBER) for name in ("spend", "visits", "basket"))
    index = pd.Index([f"c{number}" for number in range(900)], dtype="str", name="customer_id")
    frame = pd.DataFrame(values, columns=["spend", "visits", "basket"], index=index)

    def chosen(seed: int) -> DiscoverySettings:
        return DiscoverySettings(algorithms=(KMeansSettings(segments=3),), seed=seed)

    first = discover(frame.iloc[:857], VectorContract(columns), chosen(0), {}).model
    refit = discover(frame, VectorContract(columns), chosen(1), {}, incumbent=first).model
    second, _ = succeed(refit, first, frame)
    known = frame.iloc[:857]
    assert first.assign(known)["segment_id"].equals(second.assign(known)["segment_id"])
