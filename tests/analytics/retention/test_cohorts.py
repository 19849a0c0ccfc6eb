"""Cohorts of acquisition against published numbers, on paper, and by SQL written by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from analytics.customer_months import customer_months
from analytics.groups import groupings_of
from analytics.history import History
from analytics.marking import Marking
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.record import AVERAGE, COHORTS
from analytics.retention.all_retention import all_retention
from analytics.retention.cohorts import cohorts, without_small_cohorts

# customers of Online Retail with an order k months after the month of their first; the last diagonal is not over
ONLINE_RETAIL = {
    "2010-12": (885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445),
    "2011-01": (417, 92, 111, 96, 134, 120, 103, 101, 125, 136, 152),
    "2011-02": (380, 71, 71, 108, 103, 94, 96, 106, 94, 116),
    "2011-03": (452, 68, 114, 90, 101, 76, 121, 104, 126),
    "2011-04": (300, 64, 61, 63, 59, 68, 65, 78),
    "2011-05": (284, 54, 49, 49, 59, 66, 75),
}
JANUARY = date(2017, 1, 1)
BY_HAND = """
WITH active AS (
    SELECT customer_id, date_diff('month', DATE '2010-12-01', ordered_at) AS month, sum(cents) AS cents
    FROM orders WHERE ordered_at < TIMESTAMP '2011-12-01' GROUP BY ALL
), firsts AS (SELECT customer_id, min(month) AS first FROM active GROUP BY ALL)
SELECT first, month - first AS k, count(*) AS customers, sum(cents) / 10000 AS money
FROM active JOIN firsts USING (customer_id) GROUP BY ALL ORDER BY first, k
"""


@pytest.fixture(scope="module")
def online_retail() -> pd.DataFrame:
    """A row for each customer and month with a purchase, of a real retailer: 2010-12-01 to 2011-12-09."""
    frame = pd.read_parquet(Path(__file__).parent / "data" / "online_retail_months.parquet")
    return frame.assign(ordered_at=pd.to_datetime(frame.ordered_on).astype("datetime64[us]")).drop(columns="ordered_on")


def orders_of(*rows: tuple[str, str] | tuple[str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame([(*row, 10.0)[:3] for row in rows], columns=["customer_id", "ordered_at", "money"])
    moments = pd.to_datetime(frame.ordered_at, format="ISO8601").astype("datetime64[us]")
    return frame.assign(ordered_at=moments, cents=(frame.pop("money") * 10_000).astype("int64"))


def cohorts_of(history: History, kind: str = "month") -> pd.DataFrame:
    months = customer_months(history)
    assert months is not None
    return cohorts(history, months, groupings_of(history), kind)  # type: ignore[arg-type]


def shares(table: pd.DataFrame, kind: str, cohort: str, group: str = "everyone", column: str = "share") -> list[float]:
    chosen = (table.kind == kind) & (table.cohort == cohort) & (table.group == group) & table.finished
    return [round(each, 4) for each in table[chosen].sort_values("k")[column]]


def test_the_cohorts_of_online_retail(online_retail: pd.DataFrame, orders_history: Callable[..., History]) -> None:
    ends = MonthEnds.before(datetime(2011, 12, 9, 12, 50), 12)
    table = cohorts_of(orders_history(online_retail, ends))
    assert tuple(table.columns) == COHORTS
    for cohort, customers in ONLINE_RETAIL.items():
        assert shares(table, "classic", cohort, column="customers") == list(customers)
    classic = table[(table.kind == "classic") & (table.grouping == "everyone") & (table.cohort != AVERAGE)]
    unfinished = classic[~classic.finished]
    assert len(classic) == 144
    assert len(unfinished) == 66
    assert unfinished[["customers", "share", "money"]].isna().all(axis=None)
    by_hand = duckdb.connect()
    by_hand.register("orders", online_retail)
    expected = by_hand.execute(BY_HAND).df()
    finished = classic[classic.finished & (classic.customers > 0)]
    np.testing.assert_array_equal(finished.customers, expected.customers)
    np.testing.assert_allclose(finished.money, expected.money)


def test_three_users(orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]) -> None:
    """One comes back in period 1, one in period 5, one never."""
    orders = orders_of(("a", "2017-01-05"), ("b", "2017-01-31"), ("c", "2017-01-01"))
    later = orders_of(("a", "2017-02-28 23:59:59"), ("b", "2017-06-01"))
    table = cohorts_of(orders_history(pd.concat([orders, later]), month_ends(JANUARY, 7)))
    assert shares(table, "classic", "2017-01") == [1, 0.3333, 0, 0, 0, 0.3333, 0]
    assert shares(table, "unbounded", "2017-01") == [1, 0.6667, 0.3333, 0.3333, 0.3333, 0.3333, 0]
    assert shares(table, "unbounded", AVERAGE) == [1, 0.6667, 0.3333, 0.3333, 0.3333, 0.3333, 0]


def test_a_cohort_of_fewer_customers_than_a_rate_needs_has_counts_and_no_shares(
    orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    orders = orders_of(("a", "2017-01-05"), ("b", "2017-01-31"), ("c", "2017-02-01"))
    table = cohorts_of(orders_history(orders, month_ends(JANUARY, 3)))
    shown = without_small_cohorts(table, 2)
    assert shares(shown, "classic", "2017-01") == [1, 0, 0]
    small = shown[(shown["kind"] == "classic") & (shown["cohort"] == "2017-02")]
    assert small["share"].isna().all()
    assert small["customers"].tolist()[:2] == [1, 0]
    assert shares(shown, "classic", AVERAGE)[0] == 1
    pd.testing.assert_frame_equal(without_small_cohorts(table, 1), table)


def test_the_average_weights_by_size(
    orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    """Cohorts of 10 at 20 % and of 100 at 0 %: 1.8 %, not 10 %; the cohort of the last month is not finished."""
    small = [(f"a{i}", "2017-01-10") for i in range(10)] + [("a0", "2017-02-10"), ("a1", "2017-02-11")]
    large = [(f"b{i}", "2017-02-10") for i in range(100)]
    latest = [(f"c{i}", "2017-03-10") for i in range(50)]
    table = cohorts_of(orders_history(orders_of(*small, *large, *latest), month_ends(JANUARY, 3)))
    for kind in ("classic", "unbounded"):
        assert shares(table, kind, AVERAGE)[1] == 0.0182
        assert shares(table, kind, AVERAGE, column="size") == [160, 110, 10]
    assert shares(table, "classic", AVERAGE, column="customers") == [160, 2, 0]


def test_the_average_of_unbounded_retention_never_rises(
    online_retail: pd.DataFrame, orders_history: Callable[..., History]
) -> None:
    table = cohorts_of(orders_history(online_retail, MonthEnds.before(datetime(2011, 12, 1), 12)))
    average = shares(table, "unbounded", AVERAGE)
    assert average == sorted(average, reverse=True)
    classic = shares(table, "classic", AVERAGE)
    assert classic != sorted(classic, reverse=True)


def test_who_came_before_the_record_is_in_no_cohort(
    orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    orders = orders_of(("old", "2015-03-01"), ("old", "2017-01-02"), ("new", "2017-02-01"), ("later", "2017-04-01"))
    table = cohorts_of(orders_history(orders, month_ends(JANUARY, 3)))
    assert table[table.cohort != AVERAGE].cohort.unique().tolist() == ["2017-02"]
    assert shares(table, "classic", "2017-02", column="size") == [1, 1]


def test_a_refund_is_no_activity_but_money(
    orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    orders = orders_of(("a", "2016-12-31", -5.0), ("a", "2017-01-02", 30.0), ("a", "2017-02-02", -4.5))
    table = cohorts_of(orders_history(orders, month_ends(JANUARY, 2)))
    assert shares(table, "classic", "2017-01") == [1, 0]
    assert shares(table, "classic", "2017-01", column="money") == [30, -4.5]


def test_quarters_by_the_calendar(orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]) -> None:
    """A record of 2016-12 to 2017-10 has three whole quarters; an order of December 2016 lies before them."""
    orders = orders_of(
        ("old", "2016-12-31"), ("old", "2017-04-01"), ("a", "2017-01-01"), ("a", "2017-03-31"), ("a", "2017-09-30"),
        ("b", "2017-02-01"), ("b", "2017-10-01"), ("c", "2017-06-30"), ("c", "2017-07-01"), ("d", "2017-10-02"),
    )  # fmt: skip
    table = cohorts_of(orders_history(orders, month_ends(date(2016, 12, 1), 11)), "quarter")
    assert table.cohort.unique().tolist() == ["2017-Q1", "2017-Q2", AVERAGE]
    assert shares(table, "classic", "2017-Q1") == [1, 0, 0.5]
    assert shares(table, "classic", "2017-Q2") == [1, 1]
    assert shares(table, "classic", "2017-Q1", column="money") == [30, 0, 10]


def test_a_record_without_a_whole_quarter_has_no_quarterly_cohorts(
    orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    history = orders_history(orders_of(("a", "2017-01-10")), month_ends(date(2017, 2, 1), 4))
    assert cohorts_of(history, "quarter").empty


def test_segments_are_those_at_the_end_of_the_third_month_and_attributes_of_the_first(
    orders_history: Callable[..., History],
    month_ends: Callable[..., MonthEnds],
    members_of: Callable[..., pd.DataFrame],
) -> None:
    """Position 3 ends the third month of January's cohort; February's is not over."""
    ends = month_ends(JANUARY, 3)
    members = members_of(
        ["a", "b"],
        ends,
        segment=lambda customer, position: "s2" if customer == "a" and position == 3 else "s1",
        plan=lambda _, position: "pro" if position == 1 else "basic",
    )
    orders = orders_of(("a", "2017-01-10"), ("a", "2017-02-10"), ("b", "2017-02-10"))
    table = cohorts_of(orders_history(orders, ends, members, ("plan",)))
    of_segments = table[table.grouping == "segment"]
    assert set(of_segments.group) == {"s2"}
    assert set(of_segments.cohort) == {"2017-01", AVERAGE}
    assert shares(table, "classic", "2017-01", "s2") == [1, 1, 0]
    assert shares(table, "classic", "2017-01", "pro") == [1, 1, 0]
    assert shares(table, "classic", "2017-02", "basic") == [1, 0]


def test_cohorts_of_subscriptions_pay_at_the_end_of_the_period(
    terms_history: Callable[..., History],
    terms_frame: Callable[..., pd.DataFrame],
    month_ends: Callable[..., MonthEnds],
) -> None:
    """Who starts and stops within a month is of its cohort, and paying at none of its ends; a trial starts nothing."""
    terms = terms_frame(
        [
            ("stays", "2017-01-15", None, 20, False),
            ("within", "2017-01-10", "2017-01-20", 10, False),
            ("until", "2017-01-01", "2017-02-01", 10, False),
            ("trial", "2017-01-05", "2017-02-05", 99, True),
            ("trial", "2017-02-05", None, 30, False),
        ],
        "is_trial",
    )
    table = cohorts_of(terms_history(terms, month_ends(JANUARY, 3)))
    assert shares(table, "classic", "2017-01", column="customers") == [2, 1, 1]
    assert shares(table, "classic", "2017-01", column="size") == [3, 3, 3]
    assert shares(table, "classic", "2017-01", column="money") == [30, 20, 20]
    assert shares(table, "classic", "2017-02", column="customers") == [1, 1]


def test_cohorts_of_events_have_no_money(
    orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    events = orders_of(("a", "2017-01-15"), ("a", "2017-02-15"), ("ä", "2017-01-15"))
    events = events.rename(columns={"ordered_at": "occurred_at"}).drop(columns="cents")
    table = cohorts_of(orders_history(events, month_ends(JANUARY, 2), table="events"))
    assert shares(table, "classic", "2017-01") == [1, 0.5]
    assert table.money.isna().all()


def test_nobody_has_no_cohorts(
    orders_history: Callable[..., History],
    month_ends: Callable[..., MonthEnds],
    members_of: Callable[..., pd.DataFrame],
) -> None:
    ends = month_ends(JANUARY, 2)
    empty = orders_of(("a", "2017-01-15")).head(0)
    assert cohorts_of(orders_history(empty, ends, members_of(["a"], ends).head(0))).empty
    before = orders_history(orders_of(("a", "2016-12-15")), ends)
    table = cohorts_of(before)
    assert table.empty
    assert tuple(table.columns) == COHORTS


def test_a_company_whose_first_customer_came_after_the_last_month_end(
    terms_history: Callable[..., History], terms_frame: Any, month_ends: Callable[..., MonthEnds]
) -> None:
    ends = month_ends(date(2017, 1, 1), 2, datetime(2017, 3, 20))
    history = terms_history(terms_frame([("a", "2017-03-05", None, 10)]), ends)
    months = customer_months(history)
    assert months is not None
    options = RecordOptions(floor=1)
    marking = Marking(history.segments, frozenset(), options.floor)
    retention = all_retention(history, months, groupings_of(history), options, marking)
    assert not [note for note in retention.notes if "tables begin" in note]
    assert retention.cohorts.empty
