"""The figures of orders, on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.compute import compute_record
from analytics.history import History
from analytics.options import RecordOptions
from segment_model.contract import VectorContract

LINES = [
    # customer, day, order, money, cost (None: not known)
    ("a", "2024-01-05", "o1", 10, 4.0),
    ("a", "2024-01-05", "o1", 20, 6.0),  # a line of the same order
    ("a", "2024-02-05", "o2", 30, None),
    ("b", "2024-01-31 23:59", None, 40, 40.0),  # without an id, each line is an order
    ("b", "2024-01-31 23:59", None, 60, 10.0),
    ("c", "2024-02-01", "o3", 100, None),
    ("d", "2023-12-31", "o4", 999, None),  # before the window
]


def figures(history: History, **options: Any) -> pd.DataFrame:
    chosen = RecordOptions(**{"floor": 1, **options})
    record = compute_record(history, pd.DataFrame(), pd.Series(dtype="str"), VectorContract(()), chosen)
    return record.figures.set_index(["figure", "group", "period"])


def frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    lines = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "order_id", "money", "cost"])
    return lines.assign(
        ordered_at=pd.to_datetime(lines.ordered_at, format="ISO8601").astype("datetime64[us]"),
        order_id=lines.order_id.astype("str"),
        cents=(lines.pop("money") * 10_000).astype("int64"),
        cost_cents=(lines.pop("cost").astype(float) * 10_000).astype("Int64"),
    )


@pytest.fixture
def history(month_ends: Any, members_of: Any, orders_history: Callable[..., History]) -> History:
    ends = month_ends(date(2024, 1, 1), 2)
    members = members_of("abcd", ends, segment=lambda customer, _: "s1" if customer == "a" else "s2")
    return orders_history(frame(LINES), ends, members)


def test_months_and_all_months(history: History) -> None:
    number = figures(history).value
    january, february, both = (("everyone", period) for period in ("2024-01", "2024-02", "2024-01/2024-02"))
    assert [number["revenue", *period] for period in (january, february, both)] == [130, 130, 260]
    assert [number["orders", *period] for period in (january, february, both)] == [3, 2, 5]
    assert [number["buyers", *period] for period in (january, february, both)] == [2, 2, 3]
    assert number["basket", *january] == pytest.approx(130 / 3)
    assert number["basket", *both] == pytest.approx(260 / 5)
    assert number["revenue_share", "s1", "2024-01"] == pytest.approx(30 / 130)


def test_the_margin_is_of_lines_with_a_cost(history: History) -> None:
    rows = figures(history)
    assert rows.value["margin", "everyone", "2024-01"] == pytest.approx((130 - 60) / 130)
    assert rows.note["margin", "everyone", "2024-02"] == "no costs known"
    assert rows.value["margin", "everyone", "2024-01/2024-02"] == pytest.approx(70 / 130)


def test_where_refunds_outweigh_orders_no_share_is_missing_for_want_of_orders(
    month_ends: Any, orders_history: Callable[..., History]
) -> None:
    """Of -20 nobody has a share; a free sample has a cost, but no margin."""
    lines = [("a", "2024-01-05", "o1", 10, None), ("b", "2024-01-06", "o2", -30, None)]
    rows = figures(orders_history(frame(lines), month_ends(date(2024, 1, 1), 1)))
    assert rows.value["revenue", "everyone", "2024-01"] == -20
    assert rows.note["revenue_share", "everyone", "2024-01"] == "revenue is not above 0"
    free_goods = figures(orders_history(frame([("a", "2024-01-05", "o1", 0, 4.0)]), month_ends(date(2024, 1, 1), 1)))
    assert free_goods.note["margin", "everyone", "2024-01"] == "revenue is not above 0"
    nothing = figures(orders_history(frame([("a", "2023-01-05", "o1", 10, None)]), month_ends(date(2024, 1, 1), 1)))
    assert nothing.note["revenue_share", "everyone", "2024-01"] == "no orders"


@pytest.mark.parametrize(("buyers", "floor", "shown"), [(9, 1, False), (10, 10, True), (10, 11, False)])
def test_there_are_no_tenths_of_a_few_customers(
    buyers: int, floor: int, shown: bool, month_ends: Any, orders_history: Callable[..., History]
) -> None:
    """Of nine customers the first is no tenth, and under the floor no rate is shown."""
    lines = [(f"c{number}", "2024-01-05", f"o{number}", 1 + number, None) for number in range(buyers)]
    rows = figures(orders_history(frame(lines), month_ends(date(2024, 1, 1), 1)), floor=floor)
    assert ("top_decile_share" in rows.index.get_level_values(0)) == shown
    if shown:
        assert rows.value["top_decile_share", "everyone", "2024-01"] == pytest.approx(10 / 55)


def test_of_the_customers_of_the_last_month_end(history: History) -> None:
    number, window = figures(history).value, "2024-01/2024-02"
    assert number["repeat_rate", "everyone", window] == pytest.approx(2 / 3)
    assert number["revenue_per_customer", "everyone", window] == pytest.approx(260 / 3)
    assert number["revenue_per_customer", "s1", window] == 60


def test_revenue_by_tenths_of_the_customers(month_ends: Any, orders_history: Callable[..., History]) -> None:
    """20 customers who spend 1 to 20: the tenth of 20 and 19 has 39 of 210, that of 2 and 1 has 3."""
    ends = month_ends(date(2024, 1, 1), 1)
    rows = [(f"c{n:02}", "2024-01-05", None, n, None) for n in range(1, 21)]
    number = figures(orders_history(frame(rows), ends)).value
    assert number["decile_share", "1", "2024-01"] == pytest.approx(39 / 210)
    assert number["decile_share", "10", "2024-01"] == pytest.approx(3 / 210)
    assert number["top_decile_share", "everyone", "2024-01"] == pytest.approx(39 / 210)
    assert number["decile_share"].sum() == pytest.approx(1)


def test_a_netted_refund_lowers_the_money_and_is_no_order(
    month_ends: Any, orders_history: Callable[..., History]
) -> None:
    ends = month_ends(date(2024, 1, 1), 1)
    lines = frame([("a", "2024-01-05", "o1", 30, None), ("a", "2024-01-09", "o2", -10, None)])
    number = figures(orders_history(lines.assign(is_purchase=lines.cents >= 0), ends)).value
    assert (number["revenue", "everyone", "2024-01"], number["orders", "everyone", "2024-01"]) == (20, 1)
    assert number["basket", "everyone", "2024-01"] == 20


def test_orders_without_money_are_counted(month_ends: Any, orders_history: Callable[..., History]) -> None:
    ends = month_ends(date(2024, 1, 1), 1)
    rows = figures(orders_history(frame(LINES).drop(columns=["cents", "cost_cents"]), ends))
    assert rows.value["orders", "everyone", "2024-01"] == 3
    assert not {"revenue", "basket", "margin", "decile_share", "money_so_far"} & set(rows.index.get_level_values(0))


def test_a_company_without_orders_in_the_window(month_ends: Any, orders_history: Callable[..., History]) -> None:
    rows = figures(orders_history(frame(LINES[-1:]), month_ends(date(2024, 1, 1), 2)))
    assert rows.value["revenue", "everyone", "2024-01"] == 0
    assert np.isnan(rows.value["basket", "everyone", "2024-01"])
    assert rows.note["basket", "everyone", "2024-01"] == "no orders"


def test_money_of_the_first_year_of_orders(month_ends: Any, orders_history: Callable[..., History]) -> None:
    """The order on day 365 is not of the first 365 days."""
    rows = [("a", "2023-01-01", None, 10, None), ("a", "2023-12-31 23:00", None, 20, None)]
    rows += [("a", "2024-01-01", None, 40, None), ("b", "2024-01-02", None, 80, None)]
    number = figures(orders_history(frame(rows), month_ends(date(2024, 1, 1), 1))).value
    assert number["money_so_far", "everyone", ""] == 30


def test_a_group_of_the_last_month_end_alone_has_the_orders_of_all_months(
    month_ends: Any, orders_history: Callable[..., History]
) -> None:
    """A customer who ordered in segment s1 and cannot be assigned any more: the groups still add up to everyone."""
    ends = month_ends(date(2024, 1, 1), 2)
    lines = frame([("a", "2024-01-05", "o1", 30, None), ("b", "2024-01-09", "o2", 12, None)])
    members = pd.DataFrame(
        [("a", 0, "s1"), ("a", 1, "s1"), ("a", 2, "s1"), ("b", 0, "s1"), ("b", 1, "s1")],
        columns=["customer_id", "position", "segment"],
    )
    number = figures(orders_history(lines, ends, members)).value
    whole = {group: number["revenue", group, "2024-01/2024-02"] for group in ("everyone", "s1", "not_assignable")}
    assert whole == {"everyone": 42, "s1": 30, "not_assignable": 12}
