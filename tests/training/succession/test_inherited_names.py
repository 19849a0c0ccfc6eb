"""A name passes on with its id while it is true; one that a person gave passes on whatever happens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segment_model.cards import Difference, SegmentCard
from segments import Column, Kind, SegmentLabel, VectorContract
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.profiling.rfm_names import BASES, GRID, LENIENCE, NAMES, grid_name, middle_rank, names_near
from training.settings import DiscoverySettings
from training.succession.inherited_names import inherit_names, still_true, usual_names
from training.succession.succession import succeed

LAPSED = Difference("recency_days", 1.2, 200.0, 40.0, "lapsed")
SPENDER = Difference("spend", 0.9, 900.0, 100.0, "big spender")
GERMAN = Difference("country", 0.8, "DE", "FR", "mostly DE (country)")
RFM = VectorContract(
    (
        Column("recency_days", Kind.COUNT, unit="days", low="bought recently", high="long since the last order"),
        Column("frequency", Kind.COUNT, unit="orders", low="rare buyers", high="frequent buyers"),
        Column("monetary_value", Kind.NUMBER, unit="EUR", low="low spend", high="high spend"),
    )
)


def card(name: str, *differences: Difference) -> SegmentCard:
    return SegmentCard("seg-x", name, "", 10, 0.1, {}, differences)


def test_a_name_is_passed_on_only_while_it_is_true() -> None:
    before = card("lapsed, big spender", LAPSED, SPENDER, GERMAN)
    assert still_true(before.name, before, card("", replace(LAPSED, effect=0.4), SPENDER))
    assert still_true(f"{before.name} (2)", before, card("", LAPSED, SPENDER))
    assert not still_true(before.name, before, card("", LAPSED))  # no longer spends more than others
    assert not still_true(before.name, before, card("", replace(LAPSED, effect=-1.0, typical=3.0), SPENDER))
    assert not still_true("mostly DE (country)", before, card("", replace(GERMAN, typical="JP")))
    assert not still_true("lapsed, spend 900 USD", before, card("lapsed, spend 900 USD", LAPSED, SPENDER))


def test_what_is_no_difference_is_kept_only_where_todays_name_says_it() -> None:
    before = card("close to average")
    assert still_true(before.name, before, card("close to average"))
    assert not still_true(before.name, before, card("lapsed", LAPSED))
    assert not still_true("lapsed big spenders", card("", LAPSED), card("lapsed", LAPSED))


def test_a_marketing_name_is_kept_only_where_the_grid_says_it_or_nearly() -> None:
    before, now = card("champions", SPENDER), card("loyal customers", SPENDER)
    assert still_true("champions", before, now, {"champions", "loyal customers"})
    assert not still_true("champions", before, now, {"loyal customers"})
    assert not still_true("champions", before, now)
    assert not still_true("champions, lapsed", card("", LAPSED), now, {"champions"})
    assert still_true("champions, lapsed", card("", LAPSED), card("", LAPSED), {"champions"})


def test_the_grid_is_lenient_by_a_twentieth_of_the_customers() -> None:
    values = {name: np.arange(1000.0) for name in BASES}
    for middle in range(20, 980, 15):
        members = np.zeros(1000, dtype=np.bool_)
        members[middle - 10 : middle + 10] = True
        near = names_near(values, members)
        assert grid_name(values, members) in near <= NAMES
        share = middle_rank(values["frequency"], members)
        from_border = min(abs(share - border) for border in (0.2, 0.4, 0.6, 0.8))
        assert len(near) == 1 or from_border <= LENIENCE + 1e-9
    assert names_near(values, np.zeros(1000, dtype=np.bool_)) == frozenset()
    assert {name for row in GRID.values() for name in row} == NAMES


def test_the_grid_is_not_lenient_about_praise() -> None:
    """Whose median frequency is below everyone's is no champion, not even by inheritance, however much they spend."""
    for first, praised in ((500, True), (490, True), (489, False), (450, False)):
        values = {name: np.arange(1000.0) for name in BASES}
        members = np.zeros(1000, dtype=np.bool_)
        members[first : first + 20] = True
        values["monetary_value"][members] += 2000
        values["recency_days"][members] -= 2000
        assert (np.median(values["frequency"][members]) >= np.median(values["frequency"])) == praised
        near = names_near(values, members)
        assert bool({"champions", "loyal customers"} & near) == praised, (first, near)


def rfm_frame(seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    worth = generator.normal(0, 1, 600)
    values = {
        "recency_days": np.round(np.exp(4 - 0.8 * worth + generator.normal(0, 0.7, 600))),
        "frequency": np.ceil(np.exp(1 + 0.8 * worth + generator.normal(0, 0.4, 600))),
        "monetary_value": np.exp(4 + worth + generator.normal(0, 0.5, 600)),
    }
    return pd.DataFrame(values, index=pd.Index([f"c{n}" for n in range(600)], dtype="str"))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("months", [0.5, 12.0])
def test_no_kept_marketing_name_speaks_against_the_medians(seed: int, months: float) -> None:
    """Half of the customers bought nothing since; the grid of ranks then says other things of the same people."""
    frame = rfm_frame(seed)
    chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=5),), force=True)
    first = discover(frame, RFM, chosen, {}).model
    generator = np.random.default_rng(seed)
    idle = generator.random(600) < 0.5
    later = frame.assign(recency_days=np.where(idle, frame["recency_days"] + 30 * months, frame["recency_days"]))
    model = discover(later, RFM, chosen, {"retrain": months}, incumbent=first).model
    second, _ = succeed(model, first, later)
    assigned = second.assign(later)["segment_id"]
    values = {name: later[name].to_numpy() for name in BASES}
    for own in second.cards:
        usual = own.name.split(", ")[0].split(" (")[0]
        assert usual in NAMES
        assert usual in names_near(values, (assigned == own.id).to_numpy())
    assert len(set(second.names)) == len(second.names)


def test_a_kept_name_survives_a_small_step_of_the_grid_and_not_a_large_one() -> None:
    frame = rfm_frame(1)
    segment = np.where(frame["monetary_value"].rank(pct=True) > 0.7, 0, 1).astype(np.intp)
    near = sorted(usual_names(frame, segment == 0))
    far = sorted(NAMES - set(near))
    today = (card(near[0]), card("hibernating"))
    for name, kept in ((near[-1], near[-1]), (far[0], near[0])):
        assert inherit_names(today, (card(name), None), frame, segment)[0].name == kept


def test_no_discovered_name_equals_one_that_a_person_gave(planted: Any) -> None:
    chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=4),))
    first = discover(planted.frame, planted.contract, chosen, {}).model
    second, _ = succeed(first, first, planted.frame)
    assert second.names == first.names
    renamed = first.with_overlay({first.ids[0]: SegmentLabel(first.names[1])})
    third, _ = succeed(first, renamed, planted.frame)
    shown = third.with_overlay(renamed.overlay).names
    assert shown[0] == first.names[1]
    assert len(set(shown)) == len(shown)


def test_a_custom_name_of_a_segment_does_not_count_against_its_own_card(planted: Any) -> None:
    """A segment renamed to its own name, to add notes, keeps that name in a retrain."""
    chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=4),))
    first = discover(planted.frame, planted.contract, chosen, {}).model
    noted = first.with_overlay({first.ids[0]: SegmentLabel(first.names[0], "ours")})
    second, _ = succeed(first, noted, planted.frame)
    assert [card.name for card in second.discovered_cards] == list(first.names)
    cards = (card("lapsed"), card("lapsed"))
    segment = np.zeros(len(planted.frame), dtype=np.intp)
    assert [own.name for own in inherit_names(cards, (None, None), planted.frame, segment, {0: "lapsed"})] == [
        "lapsed",
        "lapsed (2)",
    ]
    assert [own.name for own in inherit_names(cards, (None, None), planted.frame, segment, {1: "lapsed"})] == [
        "lapsed (2)",
        "lapsed",
    ]


def test_a_persons_name_survives_what_a_discovered_one_does_not(planted: Any) -> None:
    def model_of(frame: pd.DataFrame, story: str) -> Any:
        chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=4),))
        return discover(frame, planted.contract, chosen, {"story": story}).model

    first = model_of(planted.frame, "first")
    flipped = planted.frame.assign(recency_days=planted.frame["recency_days"].max() - planted.frame["recency_days"])
    second, lineage = succeed(model_of(flipped, "second"), first, flipped)
    kept = [segment.id for segment in lineage.segments if segment.id in first.ids]
    assert kept
    overlay = {segment_id: SegmentLabel(f"ours, {segment_id}", "by hand") for segment_id in first.ids}
    renamed = second.with_overlay(overlay)
    for segment_id in kept:
        label = renamed.cards[renamed.position(segment_id)]
        assert (label.name, label.notes) == (f"ours, {segment_id}", "by hand")
    dropped = {c.id: c.name for c in first.cards}
    assert any(card.name != dropped.get(card.id) for card in second.discovered_cards)
