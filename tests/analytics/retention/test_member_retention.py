"""Retention of the members of a segment: on paper, and by SQL written by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from analytics.customer_months import customer_months
from analytics.groups import groupings_of
from analytics.history import History
from analytics.marking import Marking
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.record import RETENTION
from analytics.retention.later_months import members_and_months
from analytics.retention.member_retention import member_retention
from analytics.retention.retention_figures import NOT_KNOWN_YET, retention_figures

JANUARY = date(2017, 1, 1)
BY_HAND = """
SELECT m.segment, count(*) AS x, count(a.customer_id) AS y, count(DISTINCT m.customer_id) AS n
FROM members m LEFT JOIN (
    SELECT DISTINCT customer_id, date_diff('month', DATE '2017-01-01', ordered_at) + 1 AS position FROM orders
) a ON a.customer_id = m.customer_id AND a.position = m.position + {k}
WHERE m.position + {k} <= 12 GROUP BY m.segment
"""


def tables_of(history: History, floor: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table RETENTION, and the figures by name and group."""
    months, groupings = customer_months(history), groupings_of(history)
    assert months is not None
    members = members_and_months(history, months, groupings, (3, 6, 12))
    marking = Marking(history.segments, frozenset(), floor)
    figures = retention_figures(members, history, groupings, RecordOptions(floor=floor), marking)
    return member_retention(members, history, floor), figures.set_index(["figure", "group"])


@pytest.fixture(scope="module")
def company(members_of: Callable[..., pd.DataFrame], month_ends: Callable[..., MonthEnds]) -> dict[str, pd.DataFrame]:
    """80 customers over a year; the even ones order twice as often, and every third moves in summer."""
    generator = np.random.default_rng(11)
    rows = [
        (customer, pd.Timestamp(2017, month, int(generator.integers(1, 29))))
        for customer in range(80)
        for month in range(1, 13)
        if generator.random() < (0.6 if customer % 2 == 0 else 0.3)
    ]
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_at"])
    orders = orders.assign(ordered_at=orders.ordered_at.astype("datetime64[us]"), cents=10_000)

    def segment(customer: int, position: int) -> str:
        home = ("even", "odd")[customer % 2]
        return home if customer % 3 or position < 6 else "moved"

    return {"orders": orders, "members": members_of(range(80), month_ends(JANUARY, 12), segment=segment)}


def test_four_members_on_paper(
    terms_history: Callable[..., History],
    terms_frame: Callable[..., pd.DataFrame],
    month_ends: Callable[..., MonthEnds],
    members_of: Callable[..., pd.DataFrame],
) -> None:
    """Of a, b, c in s1 on 2017-01-01 all, two, one pay 1, 2, 3 months later, c out of segment s2."""
    ends = month_ends(JANUARY, 3)
    members = members_of("abcd", ends, segment=lambda c, p: "s2" if c == "d" or (c == "c" and p > 0) else "s1")
    terms = terms_frame(
        [("a", "2016-05-01", "2017-02-10", 5), ("b", "2016-05-01", "2017-03-01", 5), ("c", "2016-05-01", None, 5)]
    )
    table, _ = tables_of(terms_history(terms, ends, members))
    assert tuple(table.columns) == RETENTION
    first = table[(table.group == "s1") & (table.month == "2016-12")]
    assert first.customers.tolist() == [3, 2, 1]
    assert first["size"].tolist() == [3, 3, 3]
    second = table[(table.group == "s1") & (table.month == "2017-01")]
    assert second.customers.tolist()[:2] == [1, 0]
    assert second.finished.tolist() == [True, True, False]
    assert np.isnan(second.share.tolist()[2])
    everyone = table[(table.group == "everyone") & (table.month == "2016-12")]
    assert everyone.share.tolist() == [0.75, 0.5, 0.25]
    interval = binomtest(3, 4).proportion_ci(method="wilson")
    assert (everyone.low.iloc[0], everyone.high.iloc[0]) == pytest.approx((interval.low, interval.high))
    assert table.group.drop_duplicates().tolist() == ["everyone", "s1", "s2"]


@pytest.mark.parametrize("k", [3, 6, 12])
def test_the_pooled_figures_are_those_of_sql(
    company: dict[str, pd.DataFrame],
    orders_history: Callable[..., History],
    month_ends: Callable[..., MonthEnds],
    k: int,
) -> None:
    _, figures = tables_of(orders_history(company["orders"], month_ends(JANUARY, 12), company["members"]))
    by_hand = duckdb.connect()
    for name, frame in company.items():
        by_hand.register(name, frame)
    expected = by_hand.execute(BY_HAND.format(k=k)).df().set_index("segment")
    for segment, row in expected.iterrows():
        own = figures.loc[(f"retention_{k}", segment)]
        assert own.value == pytest.approx(row.y / row.x)
        assert own.n == row.n
        assert own.low < own.value < own.high
        assert own.period == "2017-01/2017-12"


def test_a_customer_at_many_month_ends_is_not_many(
    company: dict[str, pd.DataFrame], orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    """Were every month end a customer, the interval would be narrower; were only customers counted, wider."""
    _, figures = tables_of(orders_history(company["orders"], month_ends(JANUARY, 12), company["members"]))
    own = figures.loc[("retention_3", "everyone")]
    width = own.high - own.low
    narrow, wide = (binomtest(round(own.value * n), n).proportion_ci(method="wilson") for n in (800, 80))
    assert narrow.high - narrow.low < width < wide.high - wide.low


def test_segments_that_differ_are_marked(
    company: dict[str, pd.DataFrame], orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    _, figures = tables_of(orders_history(company["orders"], month_ends(JANUARY, 12), company["members"]))
    marks = figures.loc["retention_3"].mark
    assert marks["even"] == "above"
    assert marks["odd"] == "below"
    assert marks["everyone"] == ""


def test_subscribers_who_left_before_are_not_kept_nor_lost(
    terms_history: Callable[..., History],
    terms_frame: Callable[..., pd.DataFrame],
    month_ends: Callable[..., MonthEnds],
) -> None:
    """Of 4 members one left long ago; of the 3 subscribers at the first of two month ends 2 pay 3 months later."""
    terms = terms_frame(
        [
            ("gone", "2015-01-01", "2016-01-01", 5),
            ("a", "2016-01-01", None, 5),
            ("b", "2016-01-01", "2017-01-10", 5),
            ("c", "2016-01-01", "2017-04-10", 5),
        ]
    )
    _, figures = tables_of(terms_history(terms, month_ends(JANUARY, 4)))
    assert figures.loc[("retention_3", "everyone"), "value"] == pytest.approx((2 + 1) / 8)
    kept = figures.loc[("paying_retention_3", "everyone")]
    assert kept.value == pytest.approx((2 + 1) / (3 + 2))
    assert kept.n == 3
    assert figures.loc[("paying_retention_6", "s1"), "note"] == NOT_KNOWN_YET


def test_few_members_have_no_share(
    orders_history: Callable[..., History],
    month_ends: Callable[..., MonthEnds],
) -> None:
    orders = pd.DataFrame({"customer_id": [1], "ordered_at": [pd.Timestamp("2017-01-05")], "cents": [1]})
    orders = orders.assign(ordered_at=orders.ordered_at.astype("datetime64[us]"))
    table, figures = tables_of(orders_history(orders, month_ends(JANUARY, 4)), floor=10)
    assert table.share.isna().all()
    assert table.customers.tolist()[:4] == [1, 0, 0, 0]
    assert np.isnan(figures.loc[("retention_3", "s1"), "value"])
    assert figures.loc[("retention_3", "s1"), "note"] == "fewer than 10 customers"
    assert figures.loc[("retention_6", "everyone"), "note"] == NOT_KNOWN_YET
    assert figures.loc[("retention_12", "s1"), "note"] == NOT_KNOWN_YET


def test_nobody_is_a_member(
    orders_history: Callable[..., History],
    month_ends: Callable[..., MonthEnds],
    members_of: Callable[..., pd.DataFrame],
) -> None:
    ends = month_ends(JANUARY, 3)
    orders = pd.DataFrame({"customer_id": ["é"], "ordered_at": [pd.Timestamp("2017-01-05")], "cents": [1]})
    orders = orders.assign(ordered_at=orders.ordered_at.astype("datetime64[us]"))
    table, figures = tables_of(orders_history(orders, ends, members_of(["é"], ends).head(0)))
    assert table.empty
    assert set(figures.note) <= {NOT_KNOWN_YET}


def test_month_ends_of_short_history_give_segments_no_marks(
    company: dict[str, pd.DataFrame], orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    history = orders_history(company["orders"], month_ends(JANUARY, 12), company["members"])
    months, groupings = customer_months(history), groupings_of(history)
    assert months is not None
    members = members_and_months(history, months, groupings, (3, 6, 12))
    marking = Marking(history.segments, frozenset(), 1)
    options = RecordOptions(floor=1, short_history=frozenset({8}))  # position 8 has 3 months after it, and not 6
    marks = retention_figures(members, history, groupings, options, marking).set_index(["figure", "group"]).mark
    assert marks[("retention_3", "even")] == ""
    assert marks[("retention_6", "even")] == "above"
