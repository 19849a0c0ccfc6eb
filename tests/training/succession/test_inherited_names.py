"""A name passes on with its id while it is true; one that a person gave passes on whatever happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segment_model.cards import SegmentCard
from segments import Column, Kind, Role, SegmentLabel, VectorContract
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.profiling.profile import Profile, profile_of
from training.profiling.words.vocabulary import Vocabulary
from training.profiling.words.word import STANDS, Truth, Word, truths
from training.profiling.words.word_rules import Spread, spread_in
from training.settings import DiscoverySettings
from training.succession.inherited_names import inherit_names, still_true
from training.succession.succession import succeed

RFM = VectorContract(
    (
        Column("recency_days", Kind.COUNT, unit="days", low="bought recently", high="lapsed"),
        Column("frequency", Kind.COUNT, unit="orders", low="few orders", high="many orders"),
        Column("monetary_value", Kind.NUMBER, unit="EUR", low="low spend", high="high spend"),
    )
)
SHOP = VectorContract(
    (
        Column("recency_days", Kind.COUNT, unit="days", low="bought recently", high="lapsed"),
        Column("spend", Kind.NUMBER, unit="EUR", high="big spender"),
        Column("country", Kind.CATEGORY, Role.DESCRIPTOR),
    )
)


def card(name: str, columns: tuple[str, ...] = ("recency_days", "spend", "country")) -> SegmentCard:
    return SegmentCard("seg-x", name, "", 10, 0.1, dict.fromkeys(columns))


def shop(lapsed: int = 90, spending: int = 90, german: int = 90) -> pd.DataFrame:
    """A hundred members, of whom so many are lapsed, spend much and are Germans, before a hundred others."""

    def column(high: int, inside: float | str, outside: float | str) -> list[Any]:
        return [inside] * high + [outside] * (200 - high)

    frame = pd.DataFrame({"recency_days": column(lapsed, 400.0, 3.0), "spend": column(spending, 900.0, 10.0)})
    frame["spend"] += np.arange(200) % 7
    return frame.assign(country=pd.array(column(german, "DE, Süd", "FR"), dtype="str"))


def stays(name: str, frame: pd.DataFrame, today: str = "") -> bool:
    return still_true(name, today, Vocabulary(SHOP, frame), frame, np.arange(200) < 100)


@pytest.mark.parametrize(
    "name",
    [
        "lapsed, big spender",
        "big spender, lapsed (2)",
        "lapsed",
        "lapsed, mostly DE, Süd (country)",
        "spend at least 500 EUR",
        "spend 500 to 1,000 EUR, time",
    ],
)
def test_a_name_is_passed_on_only_while_all_of_its_words_are_true(name: str) -> None:
    assert stays(name, shop()) == (not name.endswith("time"))
    assert not stays(name, shop(lapsed=74, spending=74, german=74))
    assert stays(name, shop(lapsed=76, spending=76, german=76)) == (not name.endswith("time"))


def test_a_name_that_tells_nothing_any_more_is_not_passed_on() -> None:
    frame = shop(lapsed=200)
    assert frame["recency_days"].min() == 400
    assert not stays("lapsed", frame)
    assert stays("lapsed, big spender", frame)


def test_todays_own_words_need_no_further_truth() -> None:
    assert stays("no word, at all", shop(), "at all, no word")
    assert not stays("no word, at all", shop(), "no word")


def test_a_name_of_a_column_that_the_cards_do_not_show_is_not_passed_on() -> None:
    frame, segment = shop(), np.repeat([0, 1], 100).astype(np.intp)
    for shown, kept in ((("recency_days", "spend"), "lapsed"), (("spend",), "today")):
        cards = (card("today", shown), card("others", shown))
        assert inherit_names(cards, (card("lapsed"), None), SHOP, frame, segment)[0].name == kept


@dataclass(frozen=True)
class Whole:
    """All customers, of whom those in memory are a sample: the first hundred are of the first segment."""

    frame: pd.DataFrame
    labels: Any = field(default_factory=lambda: np.repeat([0, 1], 100).astype(np.intp))

    def profile(self, columns: Sequence[Column]) -> Profile:
        return profile_of(self.frame, columns, self.labels, 2)

    def spread(self, column: str) -> Spread | None:
        return spread_in(self.frame, column)

    def truths(self, words: Sequence[Word]) -> list[Sequence[Truth]]:
        return [truths(word.condition.holds(self.frame), self.labels, 2) for word in words]


@pytest.mark.parametrize(("lapsed", "name"), [(90, "lapsed"), (76, "lapsed"), (74, "today")])
def test_of_a_sample_a_name_must_be_true_of_all_customers(lapsed: int, name: str) -> None:
    frame, segment = shop(), np.repeat([0, 1], 100).astype(np.intp)
    cards = (card("today"), card("others"))
    whole = Whole(shop(lapsed=lapsed))
    named = inherit_names(cards, (card("lapsed"), None), SHOP, frame, segment, population=whole)
    assert [own.name for own in named] == [name, "others"]


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
def test_every_kept_name_is_true_of_the_new_customers(seed: int, months: float) -> None:
    """Half of the customers bought nothing since; the words then say other things of the same people."""
    frame = rfm_frame(seed)
    chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=5),), force=True)
    first = discover(frame, RFM, chosen, {}).model
    generator = np.random.default_rng(seed)
    idle = generator.random(600) < 0.5
    later = frame.assign(recency_days=np.where(idle, frame["recency_days"] + 30 * months, frame["recency_days"]))
    model = discover(later, RFM, chosen, {"retrain": months}, incumbent=first).model
    second, _ = succeed(model, first, later)
    assigned = second.assign(later)["segment_id"]
    vocabulary = Vocabulary(second.contract, later)
    for own in second.cards:
        words = vocabulary.words(own.name)
        assert words
        for word in words:
            assert word.condition.holds(later)[(assigned == own.id).to_numpy()].mean() >= STANDS
    assert len({frozenset(name.split(", ")) for name in second.names}) == len(second.names)


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
    cards = (card("lapsed, rich"), card("rich, lapsed"))
    segment = np.zeros(len(planted.frame), dtype=np.intp)
    for renamed, names in ((0, ["lapsed, rich", "rich, lapsed (2)"]), (1, ["lapsed, rich (2)", "rich, lapsed"])):
        custom = {renamed: cards[renamed].name}
        named = inherit_names(cards, (None, None), planted.contract, planted.frame, segment, custom)
        assert [own.name for own in named] == names


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
