"""Which segments grew or shrank by more than a fifth."""

from __future__ import annotations

import pandas as pd
import pytest

from analytics.growth.size_changes import size_changes, too_small_segments

FLOOR = 10
MONTHS = ("2017-01", "2017-02", "2017-03")


def sizes(short_history: str = "", **segments: tuple[tuple[int, float], ...]) -> pd.DataFrame:
    rows = [
        (month, segment, customers, money, month == short_history)
        for segment, own in segments.items()
        for month, (customers, money) in zip(MONTHS, own, strict=True)
    ]
    return pd.DataFrame(rows, columns=["month", "segment", "customers", "money", "short_history"])


def test_more_than_a_fifth_is_named_what_weighs_most_first() -> None:
    table = sizes(
        s1=((100, 50.0), (90, 50.0), (79, 50.0)),
        s2=((100, 50.0), (10, 10.0), (80, 40.0)),
        s3=((100, 5_000.0), (100, 100.0), (120, 2_500.0)),
    )
    first, second = size_changes(table, FLOOR)
    assert (first.segment, first.measure, first.ratio) == ("s3", "money", 0.5)
    assert first.weight == pytest.approx(2_500 / 5_100)
    assert (second.segment, second.measure, second.ratio) == ("s1", "customers", 0.79)


def test_growth_is_named_as_loss_is_and_from_few_customers_without_a_ratio() -> None:
    table = sizes(s1=((29, 1.0), (200, 1.0), (375, 1.0)), s2=((2, 1.0), (9, 1.0), (40, 1.0)))
    first, second = size_changes(table, FLOOR)
    assert (first.before, first.after, first.ratio) == (29, 375, pytest.approx(375 / 29))
    assert (second.segment, second.before, second.after, second.ratio) == ("s2", 2, 40, None)


def test_at_most_six_are_named() -> None:
    table = sizes(**{f"s{n}": ((100, 9.0), (100, 9.0), (100, 9.0 * n)) for n in range(8)})
    changes = size_changes(table, FLOOR)
    assert len(changes) == 6
    assert {change.measure for change in changes} == {"money"}
    assert [change.segment for change in changes] == ["s7", "s6", "s5", "s4", "s3", "s0"]


def test_what_is_no_segment_and_money_of_no_weight_are_not_named() -> None:
    table = sizes(
        s1=((100, 9_000.0), (100, 9_000.0), (100, 9_000.0)),
        s2=((100, 2.0), (100, 2.0), (100, 1.0)),
        not_assignable=((300, 0.0), (10, 0.0), (0, 0.0)),
        unassigned=((300, 900.0), (10, 20.0), (0, 0.0)),
    )
    assert size_changes(table, FLOOR) == ()


def test_month_ends_of_short_history_and_few_customers_are_not_compared() -> None:
    assert size_changes(sizes("2017-01", s1=((100, 1.0), (10, 1.0), (10, 1.0))), FLOOR) == ()
    assert size_changes(sizes(s1=((9, 1.0), (1, 0.0), (0, 0.0))), FLOOR) == ()


def test_the_floor_is_that_of_the_settings_and_the_segments_below_it_are_named() -> None:
    table = sizes(
        s1=((9, 1.0), (90, 1.0), (1, 1.0)),
        s2=((50, 1.0), (50, 1.0), (10, 1.0)),
        s3=((0, 0.0), (50, 1.0), (0, 0.0)),
        unassigned=((3, 0.0), (3, 0.0), (1, 0.0)),
    )

    def changed_and_too_small(floor: int) -> tuple[set[str], tuple[str, ...]]:
        return {change.segment for change in size_changes(table, floor)}, too_small_segments(table, floor)

    assert changed_and_too_small(1) == ({"s1", "s2"}, ())
    assert changed_and_too_small(10) == ({"s2"}, ("s1",))
    assert changed_and_too_small(51) == (set(), ("s1", "s2"))


def test_a_single_month_end_compares_nothing() -> None:
    single = sizes(s1=((100, 1.0), (10, 1.0), (10, 1.0))).head(1)
    assert size_changes(single, FLOOR) == ()
    assert size_changes(single.head(0), FLOOR) == ()
