"""What a record says of rows that do not count."""

from __future__ import annotations

from features.vector_table import read_with_faults


def test_rows_and_numbers_that_do_not_count_are_said_by_table() -> None:
    report = {
        "orders": {"rows": 9, "without_customer": 0, "not_before_as_of": 2, "refunds_dropped": 1, "used": 6},
        "subscriptions": {"rows": 60, "with_too_large_a_number_as_missing": 60},
        "events": {"rows": 5, "left_out_by_where": 3, "without_customer": 0},
        "own": {},
    }
    assert read_with_faults(report) == (
        "orders: of 9 rows, 1 refund dropped",
        "subscriptions: of 60 rows, 60 with too large a number as missing",
    )
    assert read_with_faults({}) == ()
