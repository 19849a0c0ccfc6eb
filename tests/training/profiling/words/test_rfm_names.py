"""The marketing names follow the grid of the reference, and are said where most customers lie in a cell of the name."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from segments import Column, Kind, Role, VectorContract
from training.profiling.cards import make_cards
from training.profiling.naming import UNTOLD
from training.profiling.words.rfm_names import BASES, GRID, NAMES, grid_words, is_rfm_only, middle_ranks, scores

REFERENCE = Path(__file__).parents[4] / "docs" / "reference.md"
CONTRACT = VectorContract(
    (
        Column("recency_days", Kind.COUNT, unit="days", low="bought recently", high="long since the last order"),
        Column("frequency", Kind.COUNT, unit="orders", low="rare buyers", high="frequent buyers"),
        Column("monetary_value", Kind.NUMBER, unit="EUR", low="low spend", high="high spend"),
        Column("employees", Kind.COUNT, Role.DESCRIPTOR, low="small", high="large"),
    )
)


def shop(
    blocks: list[tuple[int, float, float, float]],
) -> tuple[pd.DataFrame, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """Groups of customers: how many, and about which recency, frequency and monetary value."""
    generator = np.random.default_rng(2)
    parts, labels = [], []
    for number, (size, recency, frequency, money) in enumerate(blocks):
        near = generator.uniform(0.9, 1.1, (3, size))
        parts.append(
            {
                "recency_days": np.round(recency * near[0]),
                "frequency": np.round(frequency * near[1]),
                "monetary_value": money * near[2],
                "employees": np.full(size, 10.0),
            }
        )
        labels += [number] * size
    frame = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    return frame.set_index(pd.Index([f"c{n}" for n in frame.index], dtype="str")), np.array(labels, dtype=np.intp)


def names_of(blocks: list[tuple[int, float, float, float]]) -> list[str]:
    frame, labels = shop(blocks)
    return [card.name for card in make_cards(frame, CONTRACT, labels, [f"seg-{n}" for n in range(len(blocks))])]


def test_planted_customers_get_the_names_of_the_cells_in_which_most_of_them_lie() -> None:
    frame, labels = shop([(100, 10, 50, 5000), (100, 20, 2, 50), (100, 300, 40, 4000), (100, 400, 1, 20)])
    cards = make_cards(frame, CONTRACT, labels, ["a", "b", "c", "d"])
    for position, card in enumerate(cards):
        for word in grid_words(frame):
            if word.text in card.name:
                assert word.condition.holds(frame)[labels == position].mean() >= 0.75
    assert cards[0].name.startswith("champions")
    assert not any(name in cards[1].name for name in NAMES)  # recent, but between two cells


def test_two_of_one_name_are_told_apart_by_other_words() -> None:
    names = names_of([(100, 10, 50, 5000), (100, 12, 55, 9000), (100, 300, 2, 50), (100, 400, 1, 20)])
    assert len({frozenset(name.split(", ")) for name in names}) == 4


def test_identical_segments_still_have_names_of_their_own() -> None:
    frame, _ = shop([(100, 10, 50, 5000)])
    labels = np.arange(100, dtype=np.intp) % 3
    same = pd.concat([frame.iloc[:1]] * 100)
    names = [card.name for card in make_cards(same, CONTRACT, labels, ["a", "b", "c"])]
    assert names == [UNTOLD, f"{UNTOLD} (2)", f"{UNTOLD} (3)"]  # any word would be true of all others, too


def test_another_basis_keeps_the_names_from_differences() -> None:
    assert is_rfm_only(CONTRACT)
    assert not is_rfm_only(CONTRACT.with_roles({"employees": Role.BASIS}))
    assert not is_rfm_only(CONTRACT.with_roles({"frequency": Role.DESCRIPTOR}))
    other = VectorContract(tuple(replace(c, name=f"my_{c.name}") for c in CONTRACT.columns))
    assert not is_rfm_only(other)


@pytest.mark.parametrize("days_ago", [0.0, 100.0, 1000.0])
def test_no_name_speaks_against_the_days_since_the_last_order(days_ago: float) -> None:
    """Ranks alone would call the most recent fifth champions though nobody bought for years."""
    generator = np.random.default_rng(0)
    worth = generator.normal(0, 1, 2000)
    frame = pd.DataFrame(
        {
            "recency_days": days_ago + np.round(np.exp(4 - worth)),
            "frequency": np.ceil(np.exp(1 + worth)),
            "monetary_value": np.exp(4 + worth),
        }
    )
    days_of = {word.text: frame["recency_days"][word.condition.holds(frame)] for word in grid_words(frame)}
    for name in ("champions", "loyal customers", "potential loyalists", "new customers", "promising"):
        assert (days_of[name] <= 90).all()
    for name in ("hibernating", "at risk", "cannot lose them"):
        assert (days_of[name] >= 60).all()
    assert (days_of["lost"] >= 180).all()
    assert len(days_of["champions"]) == 0 or days_ago < 90


def test_who_came_long_ago_for_the_first_time_is_no_new_customer() -> None:
    generator = np.random.default_rng(1)
    frame = pd.DataFrame({name: generator.permutation(np.arange(1000.0)) for name in BASES})
    new = next(word for word in grid_words(frame) if word.text == "new customers")
    assert new.condition.holds(frame).any()
    older = frame.assign(tenure_days=frame["recency_days"] + 365)
    new = next(word for word in grid_words(older) if word.text == "new customers")
    assert not new.condition.holds(older).any()


def test_who_spends_much_and_comes_seldom_is_no_champion() -> None:
    frame, labels = shop([(100, 10, 2, 9000), (100, 20, 4, 50), (100, 300, 3, 400), (100, 400, 1, 20)])
    praised = {word.text: word.condition.holds(frame)[labels == 0].mean() for word in grid_words(frame)}
    assert praised["champions"] == 0
    assert praised["potential loyalists"] >= 0.75


def test_a_rank_is_the_middle_one_of_equal_values() -> None:
    ranks = middle_ranks(pd.Series([1.0, 1.0, 1.0, 2.0, 5.0, np.nan]))
    assert ranks[:5].tolist() == pytest.approx([0.3, 0.3, 0.3, 0.7, 0.9])
    assert scores(ranks).tolist() == [2, 2, 2, 4, 5, 0]
    assert scores(np.array([0.0, 0.19, 0.2, 0.5, 0.99, 1.0])).tolist() == [1, 1, 2, 3, 5, 5]


def test_a_customer_without_a_value_has_no_name() -> None:
    frame = pd.DataFrame({name: [1.0, 2.0, 3.0, np.nan] for name in BASES})
    assert not any(word.condition.holds(frame)[3] for word in grid_words(frame))


def test_the_reference_shows_the_grid() -> None:
    text = REFERENCE.read_text(encoding="utf-8").partition("### Names of RFM segments")[2].partition("\n#")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if re.match(r"\| \d", line)]
    assert rows == [[str(r), *GRID[r]] for r in (5, 4, 3, 2, 1)]
