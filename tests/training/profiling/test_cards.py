"""What cards say of a segment is true of its customers: no word against a median, none of a few for many."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segments import Column, Kind, VectorContract
from training.profiling.cards import LEAST_EFFECT, make_cards, standardised_ranks

CONTRACT = VectorContract(
    (
        Column("spend", Kind.NUMBER, unit="EUR", low="low spend", high="high spend"),
        Column("plan", Kind.CATEGORY),
    )
)


def cards_of(spend: list[float], plan: list[str | None], inside: int) -> tuple[str, list[str]]:
    """The name and words of the first `inside` customers' card, beside a card of the others."""
    frame = pd.DataFrame({"spend": spend, "plan": pd.array(plan, dtype="str")})
    labels = (np.arange(len(frame)) >= inside).astype(np.intp)
    card = make_cards(frame, CONTRACT, labels, ["seg-a", "seg-b"])[0]
    return card.name, [difference.words for difference in card.differences]


def test_a_category_known_of_one_says_nothing_of_two_hundred() -> None:
    spend = [float(n % 7) for n in range(400)]
    name, words = cards_of(spend, ["pro"] + [None] * 199 + ["basic"] * 200, 200)
    assert "pro" not in name
    assert words == []
    name, words = cards_of(spend, ["pro"] * 120 + [None] * 80 + ["basic"] * 200, 200)
    assert name == "mostly pro (plan)"
    assert words == ["mostly pro (plan)"]


def test_no_word_where_the_mean_rank_and_the_median_point_apart() -> None:
    # 51 of a hundred are just below everyone's median, the others far above it
    spend = [9.9] * 51 + [50.0] * 49 + [1.0] * 48 + [9.95] * 52
    assert standardised_ranks(pd.Series(spend))[:100].mean() > LEAST_EFFECT
    assert np.median(spend[:100]) < np.median(spend)
    name, words = cards_of(spend, ["basic"] * 200, 100)
    assert words == []
    assert name == "close to average"
