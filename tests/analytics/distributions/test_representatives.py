"""Customers who stand for a segment."""

from __future__ import annotations

import pandas as pd

from analytics.distributions.representatives import representatives


def assigned(*rows: tuple[object, ...]) -> pd.DataFrame:
    names = ["customer_id", "segment_id", "strength", "runner_up_id", "novel"]
    return pd.DataFrame(rows, columns=names).set_index("customer_id")


def test_the_strongest_and_the_one_nearest_to_the_border() -> None:
    table = assigned(
        ("c", "s1", 0.9, "s2", False),
        ("b", "s1", 0.9, "s2", False),
        ("a", "s1", 0.8, "s2", False),
        ("far out", "s1", 0.95, "s2", True),
        ("edge", "s1", 0.01, "s2", False),
        ("none", None, 0.0, "s1", False),
        ("only", "s2", 0.7, "s1", False),
    )
    first, second = representatives(table, most=3)
    assert first.typical == ("b", "c", "a")
    assert (first.border, first.border_segment) == ("edge", "s2")
    assert second.typical == ("only",)
    assert second.border is None


def test_a_single_segment_has_no_border() -> None:
    rows = [(number, "s1", 1.0, None, False) for number in range(9, 0, -1)]
    (single,) = representatives(assigned(*rows))
    assert single.typical == (1, 2, 3, 4, 5)
    assert single.border is None


def test_nobody_stands_for_nothing() -> None:
    assert representatives(assigned()) == ()
