"""An as-of moment where the tables have no rows is told."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from segment_model.errors import SourceError

NEWEST = datetime(2024, 6, 29, 22, 30)
ORDERS = pd.DataFrame({"customer_id": ["a", "b"], "ordered_at": [datetime(2024, 5, 1), NEWEST], "amount": [5.0, 7.0]})
EVENTS = pd.DataFrame({"customer_id": ["a"], "occurred_at": [datetime(2024, 6, 30, 9)], "name": ["visit"]})


def warnings(vectors: Any) -> list[str]:
    return [notice.line for notice in vectors.notices if notice.warning and "as_of" in notice.text]


def test_more_than_a_day_after_the_newest_row(build: Any) -> None:
    day = timedelta(days=1)
    assert not warnings(build({"orders": ORDERS}, NEWEST + day))
    (issued,) = warnings(build({"orders": ORDERS}, date(2024, 7, 3)))
    assert issued == (
        "warning: orders: as_of 2024-07-03 is 4 days after the newest row of all, 2024-06-29 22:30:00: recency and "
        "windows count from a moment without rows; `as_of: 2024-06-30` follows that row"
    )


def test_the_newest_row_of_all_tables_counts(build: Any) -> None:
    assert not warnings(build({"orders": ORDERS, "events": EVENTS}, date(2024, 7, 1)))
    (issued,) = warnings(build({"orders": ORDERS, "events": EVENTS}, date(2024, 7, 2)))
    assert issued.startswith("warning: events: as_of 2024-07-02 is 2 days after")


def test_a_row_after_the_moment_is_a_row(build: Any) -> None:
    assert not warnings(build({"orders": ORDERS}, date(2024, 5, 20)))


def test_before_the_oldest_row(build: Any) -> None:
    with pytest.raises(
        SourceError, match="orders: as_of 2024-05-01 is not after the oldest row of all, 2024-05-01: no row"
    ):
        build({"orders": ORDERS}, date(2024, 5, 1))
    about = pd.DataFrame({"customer_id": ["a"], "age": [3.0]})
    kept = {"attributes": {"age": {"kind": "number"}}, "without_rows": "keep"}
    early = build({"orders": ORDERS, "customers": about}, datetime(2020, 1, 1, 8), customers=kept)
    assert warnings(early) == [
        "warning: orders: as_of 2020-01-01 08:00:00 is not after the oldest row of all, 2024-05-01: no row counts"
    ]


def test_a_moment_that_means_ever_is_no_newest_row(build: Any) -> None:
    ever = pd.concat([ORDERS, ORDERS.tail(1).assign(ordered_at=datetime(9999, 12, 31))])
    assert warnings(build({"orders": ever}, date(2024, 7, 3)))


def test_only_attributes_have_no_range(build: Any) -> None:
    about = pd.DataFrame({"customer_id": ["a"], "age": [3.0], "known_at": [datetime(2020, 1, 1)]})
    assert (
        build({"customers": about}, date(2030, 1, 1), customers={"attributes": {"age": {"kind": "number"}}}).notices
        == ()
    )
