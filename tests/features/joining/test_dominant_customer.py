"""An id that stands for many people is a warning, with the condition that leaves it out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest

from features.joining.dominant_customer import dominant_notices
from features.joining.table_customers import TableCustomers


def issued(
    counts: dict[str, int], column: str = "customer_id", numeric: bool = False, name: str = "orders"
) -> list[str]:
    rows = pd.Series(counts, dtype=float)
    rows.index = rows.index.astype("str")
    return [notice.line for notice in dominant_notices(TableCustomers(name, rows.index, numeric, rows=rows), column)]


def crowd(size: int, rows: int = 10) -> dict[str, int]:
    return {f"c{number}": rows for number in range(size)}


def test_a_guest_with_over_a_tenth_of_all_orders() -> None:
    assert issued({**crowd(89), "0": 110}, "CustomerID") == [
        "warning: orders: customer '0' has 110 of 1,000 orders (11 %, 11 times the next): where it stands for many "
        "people, such as guests, leave it out by `sources: {orders: {where: \"CustomerID <> '0'\"}}`"
    ]
    assert not issued({**crowd(90), "0": 100}), "a tenth is not over a tenth"


def test_a_guest_with_twenty_times_the_next() -> None:
    assert "200 of 10,200 orders (2 %, 20 times the next)" in issued({**crowd(1000), "guest@shop.de": 200})[0]
    assert not issued({**crowd(1000), "guest@shop.de": 199})


def test_several_guests_are_named_together() -> None:
    (line,) = issued({**crowd(3000), "guest": 900, "": 400, "it's": 700})
    assert "customers 'guest', \"it's\", '' have together 2,000 of 32,000 orders (6 %, 40 times the next)" in line
    assert "leave them out by `sources: {orders: {where: \"customer_id not in ('guest', 'it''s', '')\"}}`" in line


def test_a_column_that_needs_quotes_and_ids_that_are_numbers() -> None:
    (line,) = issued({**{str(n): 1 for n in range(1, 40)}, "0": 100}, "Customer ID", True, "events")
    assert "customer '0' has 100 of 139 events" in line
    assert line.endswith('`sources: {events: {where: "\\"Customer ID\\" <> 0"}}`')


def test_the_condition_that_is_there_stays() -> None:
    """Pasted, the advice replaced it, and cancelled orders counted again."""
    rows = pd.Series({**crowd(89), "0": 110}, dtype=float)
    table = TableCustomers("orders", rows.index, rows=rows)
    (notice,) = dominant_notices(table, "user", "status <> 'cancelled' or status is null")
    assert notice.text.endswith(
        "`sources: {orders: {where: \"(status <> 'cancelled' or status is null) and user <> '0'\"}}`"
    )


@pytest.mark.parametrize("counts", [{}, {"a": 5}, crowd(19) | {"0": 10**6}, dict.fromkeys("abcdefghijklmnopqrstu", 0)])
def test_too_few_customers_and_no_orders_are_no_warning(counts: dict[str, int]) -> None:
    if len(counts) == 20:
        assert issued(counts)  # with the guest they are twenty
        counts.pop("c0")
    assert not issued(counts)


def test_equal_customers_are_no_warning() -> None:
    assert not issued(crowd(20))


@pytest.mark.parametrize("frequency", ["orders", "lines", "active_days"])
def test_orders_are_counted_under_any_convention(build: Any, frequency: str) -> None:
    own = [(f"c{n}", f"O{n}") for n in range(30)]
    guest = [(None, None)] + [("0", f"G{n}") for n in range(40)]
    frame = pd.DataFrame([*own, *guest], columns=["client", "order_id"])
    frame = frame.assign(ordered_at=datetime(2024, 6, 30), amount=5.0)
    source = {"columns": {"customer_id": "client"}}
    vectors = build({"orders": frame}, date(2024, 7, 1), {"rfm": {"frequency": frequency}}, orders=source)
    (notice,) = vectors.notices
    assert notice.text.startswith("customer '0' has 40 of 70 orders (57 %, 40 times the next)")
    assert "client <> '0'" in notice.text
    assert "__orders" not in vectors.frame.columns
