"""What the rows of an amount show against it: a total on each line, one of two columns, or a running total."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from features.grammar.numbers import read_number
from features.inspection.looks.column_profile import ColumnType
from features.inspection.looks.table_look import HEAD, TableLook, sampled_moments
from features.inspection.looks.text_forms import is_missing
from segment_model.errors import percent

ENOUGH_ORDERS = 5  # with several rows, to judge how a total repeats
ENOUGH_CUSTOMERS, ENOUGH_ROWS = 5, 4  # of each, to judge whether the money adds up already
NEARLY_ALL, FEW = 0.95, 0.1  # of the rows, orders, customers or moments


def repeats(look: TableLook, order_id: str | None, amount: str) -> bool:
    """Whether the amount is that of the whole order, on each of its lines."""
    if order_id is None:
        return False
    amounts: dict[Any, list[Any]] = defaultdict(list)
    for order, money in zip(look.sample[order_id][:HEAD], look.sample[amount][:HEAD], strict=True):
        if order is not None and money is not None:
            amounts[order].append(money)
    several = [lines for lines in amounts.values() if len(lines) > 1]
    alike = sum(len(set(lines)) == 1 for lines in several)
    return len(several) >= ENOUGH_ORDERS and alike >= NEARLY_ALL * len(several)


def doubts_of_rows(look: TableLook, amount: str, columns: Mapping[str, str]) -> Iterator[str]:
    """Why the rows of an amount may not be payments. columns : our names to theirs, of the customer and the moment."""
    other = _other_half(look, amount, {*columns.values(), amount})
    if other is not None:
        without = 1 - look[amount].present
        yield f"{percent(without)} of the rows have none and are left out; they have {other} instead: or is it both?"
    if _accumulates(look, amount, columns):
        yield "it grows from row to row of a customer, as a running total or a meter does, and each row counts in full"


def _other_half(look: TableLook, amount: str, taken: Collection[str]) -> str | None:
    """The number that stands in nearly all rows without an amount and in no others, such as a credit beside a debit."""
    has_own = [_is_filled(cell) for cell in look.sample[amount]]
    for column in look.columns:
        if column.name not in taken and column.type is ColumnType.NUMBER and not all(has_own):
            has_other = map(_is_filled, look.sample[column.name])
            if sum(own != other for own, other in zip(has_own, has_other, strict=True)) >= NEARLY_ALL * len(has_own):
                return column.name
    return None


def _is_filled(cell: Any) -> bool:
    return cell is not None and not (isinstance(cell, str) and is_missing(cell))


def _accumulates(look: TableLook, amount: str, columns: Mapping[str, str]) -> bool:
    """Whether the amount never falls from row to row of a customer, though over all customers it does."""
    by_customer: dict[Any, list[float]] = defaultdict(list)
    by_moment: dict[datetime, list[float]] = defaultdict(list)
    for moment, money, customer in sorted(_dated_amounts(look, amount, columns), key=lambda row: row[:2]):
        by_customer[customer].append(money)
        by_moment[moment].append(money)
    series = [own for own in by_customer.values() if len(set(own)) >= ENOUGH_ROWS]
    growing = sum(all(a <= b for a, b in itertools.pairwise(own)) for own in series)
    falls = [max(a) > min(b) for a, b in itertools.pairwise(by_moment.values())]
    return len(series) >= ENOUGH_CUSTOMERS and growing >= NEARLY_ALL * len(series) and sum(falls) > FEW * len(falls)


def _dated_amounts(look: TableLook, amount: str, columns: Mapping[str, str]) -> Iterator[tuple[datetime, float, Any]]:
    """The moment, amount and customer of the first rows that have all of them."""
    moments = sampled_moments(look, columns["ordered_at"])
    cells = zip(moments, look.sample[amount], look.sample[columns["customer_id"]], strict=False)
    for moment, cell, customer in cells:
        money = read_number(cell, look.decimal) if isinstance(cell, str) else cell
        if moment is not None and money is not None and customer is not None:
            yield moment, money, customer
