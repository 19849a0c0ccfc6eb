"""What cards say of a segment is true of its customers: no word against a median, none of a few for many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segments import Column, Kind, Role, SegmentCard, VectorContract
from training.profiling.cards import make_cards

CONTRACT = VectorContract(
    (
        Column("spend", Kind.NUMBER, unit="EUR", low="low spend", high="high spend"),
        Column("plan", Kind.CATEGORY),
    )
)


def cards_of(spend: list[float], plan: list[str | None], inside: int) -> tuple[str, list[str]]:
    """The name and words of the first `inside` customers' card, beside a card of the others."""
    frame = pd.DataFrame({"spend": spend, "plan": pd.array(plan, dtype="str")})
    card = first_card(frame, CONTRACT, inside)
    return card.name, [difference.words for difference in card.differences]


def first_card(frame: pd.DataFrame, contract: VectorContract, inside: int) -> SegmentCard:
    labels = (np.arange(len(frame)) >= inside).astype(np.intp)
    return make_cards(frame, contract, labels, ["seg-a", "seg-b"])[0]


@pytest.mark.parametrize(("known", "words"), [(1, []), (140, []), (180, ["mostly pro (plan)"])])
def test_a_level_of_too_few_is_not_said(known: int, words: list[str]) -> None:
    spend = [float(n % 7) for n in range(400)]
    name, differences = cards_of(spend, ["pro"] * known + [None] * (200 - known) + ["basic"] * 200, 200)
    assert differences == words
    assert name == "mostly pro (plan)" if words else "pro" not in name


@pytest.mark.parametrize(
    ("level", "name"), [("No", "plan: No"), ("ja", "plan: ja"), ("Norway", "mostly Norway (plan)")]
)
def test_a_bare_yes_or_no_stands_behind_its_column(level: str, name: str) -> None:
    """A name of the words "mostly No (plan)" would begin with one that says nothing; a flag is written so, too."""
    spend, plan = [float(n % 7) for n in range(400)], [level] * 200 + ["basic"] * 200
    assert cards_of(spend, plan, 200) == (name, [name])
    card = first_card(pd.DataFrame({"spend": spend, "plan": pd.array(plan, dtype="str")}), CONTRACT, 200)
    typical = f"plan {level}" if name.startswith("mostly") else name
    assert card.sentence.startswith(f"200 customers (50 %); typically {typical}")


def test_a_missing_value_is_a_word_of_its_own() -> None:
    name, _ = cards_of([float(n % 7) for n in range(400)], [None] * 200 + ["basic"] * 200, 200)
    assert name == "plan unknown"


def test_no_difference_where_the_mean_rank_and_the_median_point_apart() -> None:
    # 51 of a hundred are just below everyone's median, the others far above it
    spend = [9.9] * 51 + [50.0] * 49 + [1.0] * 48 + [9.95] * 52
    assert np.median(spend[:100]) < np.median(spend)
    name, words = cards_of(spend, ["basic"] * 200, 100)
    assert words == []
    assert name == "spend at least 9.9 EUR"


def test_one_story_is_told_once() -> None:
    """Columns that hold the same fact have one difference, and a descriptor gives way to a basis."""
    online = np.repeat(["no", "yes"], 200)
    services = {f"service_{n}": pd.array(np.where(online == "no", "no internet", "yes"), dtype="str") for n in range(5)}
    frame = pd.DataFrame({**services, "online": pd.array(online, dtype="str")})
    contract = VectorContract(
        (
            *(Column(name, Kind.CATEGORY, Role.DESCRIPTOR) for name in services),
            Column("online", Kind.CATEGORY),
        )
    )
    card = first_card(frame, contract, 200)
    assert card.name == "online: no"
    assert [difference.words for difference in card.differences] == ["online: no"]


def test_equal_words_are_not_compared_with_everyone() -> None:
    frame = pd.DataFrame({"spend": np.repeat([1234.0, 1228.0], 100), "plan": pd.array(["pro"] * 200, dtype="str")})
    assert first_card(frame, CONTRACT, 100).sentence == "100 customers (50 %); typically spend 1,230 EUR."


def test_what_is_typical_does_not_repeat_the_size() -> None:
    card = SegmentCard("seg-a", "regulars", "588 customers (23.8 %); typically trips 9 (all: 11).", 588, 0.238, {})
    assert card.typically == "trips 9 (all: 11)."
    assert replace(card, sentence="588 customers (23.8 %).").typically == "no column differs much from all customers"
