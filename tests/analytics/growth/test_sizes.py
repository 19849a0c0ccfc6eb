"""Sizes of segments and flows between them: on paper, by SQL written by hand, and as sums that must agree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import duckdb
import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analytics.customer_months import customer_months
from analytics.growth.sizes import Growth, growth, sizes_table
from analytics.history import NOT_ASSIGNABLE, UNASSIGNED, History
from analytics.month_ends import MonthEnds
from analytics.record import FLOWS, GONE, JOINED, SIZES

JANUARY = date(2017, 1, 1)
BY_HAND = """
WITH money AS (
    SELECT customer_id, date_diff('month', DATE '2017-01-01', ordered_at) + 1 AS position, sum(cents) AS cents
    FROM orders GROUP BY ALL
), placed AS (SELECT m.*, coalesce(cents, 0) AS cents FROM members m LEFT JOIN money USING (customer_id, position))
SELECT a.position, b.segment AS source, a.segment AS target, count(*) AS customers,
    sum(b.cents) / 10000 AS money_before, sum(a.cents) / 10000 AS money_after
FROM placed a JOIN placed b ON a.customer_id = b.customer_id AND a.position = b.position + 1
GROUP BY ALL ORDER BY ALL
"""


def growth_of(history: History, short_history: frozenset[int] = frozenset()) -> Growth:
    months = customer_months(history)
    assert months is not None
    return growth(history, months, short_history)


def an_event() -> pd.DataFrame:
    frame = pd.DataFrame({"customer_id": ["a"], "occurred_at": [pd.Timestamp("2017-01-05")]})
    return frame.assign(occurred_at=frame.occurred_at.astype("datetime64[us]"))


def test_six_customers_on_paper(
    terms_history: Callable[..., History],
    terms_frame: Callable[..., pd.DataFrame],
    month_ends: Callable[..., MonthEnds],
) -> None:
    ends = month_ends(JANUARY, 2)
    places = {
        "stays": ("s1", "s1", "s1"),
        "moves": ("s1", "s2", "s2"),
        "leaves": ("s1", "s1", "s1"),  # stops paying in January, comes back in February
        "joins": (None, "s2", "s2"),
        "ends": ("s2", "s2", None),  # is no customer any more, though it pays
        "late": (None, None, "s2"),  # pays from the start, and is a customer only at the last month end
        "unread": (NOT_ASSIGNABLE, UNASSIGNED, "s1"),
    }
    rows = [(c, p, s) for c, segments in places.items() for p, s in enumerate(segments) if s is not None]
    members = pd.DataFrame(rows, columns=["customer_id", "position", "segment"])
    terms = terms_frame(
        [
            ("stays", "2016-01-01", "2017-01-15", 10),
            ("stays", "2017-01-15", None, 15),
            ("moves", "2016-01-01", None, 20),
            ("leaves", "2016-01-01", "2017-01-20", 40),
            ("leaves", "2017-02-20", None, 50),
            ("joins", "2017-01-05", None, 7),
            ("ends", "2016-01-01", None, 3),
            ("late", "2016-01-01", None, 5),
        ]
    )
    grown = growth_of(terms_history(terms, ends, members), frozenset({0}))
    assert tuple(grown.sizes.columns) == SIZES
    sizes = grown.sizes.set_index(["month", "segment"])
    assert sizes.loc[("2016-12", "s1"), ["customers", "money"]].tolist() == [3, 70]
    assert sizes.loc["2016-12"][["joined", "gone", "left"]].isna().all(axis=None)
    # customers, money, joined, came, went, gone, left, returned, short_history
    assert sizes.loc[("2017-01", "s1")].tolist() == [2, 15, 0, 0, 1, 0, 1, 0, False]
    assert sizes.loc[("2017-01", "s2")].tolist() == [3, 30, 1, 1, 0, 0, 0, 0, False]
    assert sizes.loc[("2017-02", "s1")].tolist() == [3, 65, 0, 1, 0, 0, 0, 1, False]
    assert sizes.loc[("2017-02", "s2")].tolist() == [3, 32, 1, 0, 0, 1, 0, 0, False]
    assert sizes.loc["2016-12"].short_history.all()
    assert tuple(grown.flows.columns) == FLOWS
    flows = grown.flows.set_index(["month", "source", "target"])
    assert flows.loc[("2017-01", "s1", "s1")].tolist() == [2, 50, 15]
    assert flows.loc[("2017-01", "s1", "s2")].tolist() == [1, 20, 20]
    assert flows.loc[("2017-01", JOINED, "s2")].tolist() == [1, 0, 7]
    assert flows.loc[("2017-02", "s2", GONE)].tolist() == [1, 3, 0]
    assert flows.loc[("2017-02", UNASSIGNED, "s1")].tolist() == [1, 0, 0]


def test_moves_of_a_retailer_are_those_of_sql(
    orders_history: Callable[..., History],
    month_ends: Callable[..., MonthEnds],
    members_of: Callable[..., pd.DataFrame],
) -> None:
    generator = np.random.default_rng(4)
    days = pd.Timestamp("2016-12-01") + pd.to_timedelta(generator.integers(0, 396 * 24, 3_000), "h")
    orders = pd.DataFrame({"customer_id": generator.integers(0, 200, 3_000), "ordered_at": days})
    orders = orders.assign(
        ordered_at=orders.ordered_at.astype("datetime64[us]"), cents=generator.integers(-100_000, 900_000, 3_000)
    )
    where = generator.integers(0, 3, (200, 13))
    members = members_of(range(200), month_ends(JANUARY, 12), segment=lambda c, p: f"s{where[c, p]}")
    grown = growth_of(orders_history(orders, month_ends(JANUARY, 12), members))
    by_hand = duckdb.connect()
    by_hand.register("orders", orders)
    by_hand.register("members", members)
    expected = by_hand.execute(BY_HAND).df()
    own = grown.flows.sort_values(["month", "source", "target"])
    assert own[["source", "target"]].to_numpy().tolist() == expected[["source", "target"]].to_numpy().tolist()
    for name in ("customers", "money_before", "money_after"):
        np.testing.assert_allclose(own[name], expected[name])
    assert (grown.sizes.left.dropna() == 0).all()
    december = grown.sizes[grown.sizes.month == "2016-12"].money.sum()
    before = orders[orders.ordered_at < pd.Timestamp("2017-01-01")]
    np.testing.assert_allclose(december, before.cents.sum() / 10_000)


def test_events_have_sizes_without_money(
    orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    grown = growth_of(orders_history(an_event(), month_ends(JANUARY, 1), table="events"))
    assert grown.sizes.customers.tolist() == [1, 1]
    assert grown.sizes.money.isna().all()
    assert grown.flows.money_after.isna().all()


def test_nobody_is_a_member(
    orders_history: Callable[..., History],
    month_ends: Callable[..., MonthEnds],
    members_of: Callable[..., pd.DataFrame],
) -> None:
    ends = month_ends(JANUARY, 1)
    grown = growth_of(orders_history(an_event(), ends, members_of(["a"], ends).head(0), table="events"))
    assert grown.sizes.empty
    assert grown.flows.empty


PLACES = st.lists(st.lists(st.sampled_from([None, "s1", "s2", UNASSIGNED]), min_size=4, max_size=4), max_size=12)


@given(PLACES)
def test_flows_add_up_to_sizes(month_ends: Callable[..., MonthEnds], places: list[list[str | None]]) -> None:
    steps = [(p, own[p - 1], own[p]) for own in places for p in (1, 2, 3) if own[p - 1] or own[p]]
    moved = pd.DataFrame(steps, columns=["position", "source", "target"]).astype({"source": "str", "target": "str"})
    counts = moved.groupby(["position", "source", "target"], dropna=False).size().rename("customers").reset_index()
    counts = counts.assign(cents_before=0, cents_after=0, left=0, returned=0)
    first = pd.Series([own[0] for own in places if own[0]], dtype="str").value_counts().rename_axis("segment")
    begin = first.rename("customers").reset_index().assign(cents=0)
    table = sizes_table(begin, counts, ("s1", "s2", UNASSIGNED), month_ends(JANUARY, 3), ())
    for segment, own in table.groupby("segment"):
        assert own.customers.tolist() == [sum(each[p] == segment for each in places) for p in range(4)]
        change = (own.joined + own.came - own.went - own.gone).iloc[1:]
        assert own.customers.diff().iloc[1:].tolist() == change.tolist()
    by_month = table[table.month != "2016-12"].groupby("month")
    assert by_month.came.sum().tolist() == by_month.went.sum().tolist()
