"""Which segments shrank by more than a fifth."""

from __future__ import annotations

import pandas as pd

from analytics.growth.shrinkage import ShrunkSegments, shrunk_segments

FLOOR = 10
MONTHS = ("2017-01", "2017-02", "2017-03")


def sizes(hollow: str = "", **segments: tuple[tuple[int, float], ...]) -> pd.DataFrame:
    rows = [
        (month, segment, customers, money, month == hollow)
        for segment, own in segments.items()
        for month, (customers, money) in zip(MONTHS, own, strict=True)
    ]
    return pd.DataFrame(rows, columns=["month", "segment", "customers", "money", "hollow"])


def test_more_than_a_fifth_is_named() -> None:
    table = sizes(
        s1=((100, 50.0), (90, 50.0), (79, 50.0)),
        s2=((100, 50.0), (10, 10.0), (80, 40.0)),
        s3=((100, 5_000.0), (100, 100.0), (120, 2_500.0)),
    )
    first, second = shrunk_segments(table, "MRR", FLOOR).shrunk
    assert (first.segment, first.measure, round(first.share, 2)) == ("s1", "customers", 0.21)
    assert second.sentence("Whales") == (
        "“Whales” lost in MRR 50 %: 5,000 at the end of 2017-01, 2,500 at the end of 2017-03"
    )


def test_what_is_no_segment_and_money_of_no_weight_are_not_named() -> None:
    table = sizes(
        s1=((100, 9_000.0), (100, 9_000.0), (100, 9_000.0)),
        s2=((100, 2.0), (100, 2.0), (100, 1.0)),
        not_assignable=((300, 0.0), (10, 0.0), (0, 0.0)),
        unassigned=((300, 900.0), (10, 20.0), (0, 0.0)),
    )
    assert shrunk_segments(table, "MRR", FLOOR).shrunk == ()


def test_hollow_month_ends_and_few_customers_are_not_compared() -> None:
    assert shrunk_segments(sizes("2017-01", s1=((100, 1.0), (10, 1.0), (10, 1.0))), "MRR", FLOOR).shrunk == ()
    assert shrunk_segments(sizes(s1=((9, 1.0), (1, 0.0), (0, 0.0))), "MRR", FLOOR).shrunk == ()


def test_the_floor_is_that_of_the_settings_and_the_segments_below_it_are_named() -> None:
    table = sizes(
        s1=((9, 1.0), (1, 1.0), (1, 1.0)),
        s2=((50, 1.0), (50, 1.0), (10, 1.0)),
        s3=((0, 0.0), (50, 1.0), (50, 1.0)),  # began later
        unassigned=((3, 0.0), (3, 0.0), (1, 0.0)),
    )

    def shrunk_and_too_few(floor: int) -> tuple[list[str], tuple[str, ...]]:
        lost = shrunk_segments(table, "MRR", floor)
        return [each.segment for each in lost.shrunk], lost.too_few

    assert shrunk_and_too_few(1) == (["s1", "s2"], ())
    assert shrunk_and_too_few(10) == (["s2"], ("s1",))
    assert shrunk_and_too_few(51) == ([], ("s1", "s2"))


def test_a_single_month_end_compares_nothing() -> None:
    single = sizes(s1=((100, 1.0), (10, 1.0), (10, 1.0))).head(1)
    assert shrunk_segments(single, "MRR", FLOOR) == shrunk_segments(single.head(0), "MRR", FLOOR) == ShrunkSegments()
