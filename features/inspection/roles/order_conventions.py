"""Conventions that orders need: refunds, rows that do not count, currencies."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from features.conditions.written import written_name
from features.inspection.looks.column_profile import ColumnProfile
from features.inspection.looks.table_look import TableLook
from features.inspection.names.meanings import CURRENCY_OF, REFUNDED_OF
from features.inspection.names.name_words import words_of
from features.inspection.roles.status_rows import (
    RowCondition,
    cancelled_ids,
    row_conditions,
)
from features.inspection.roles.table_proposal import CERTAIN, best, is_number, is_text, ranked
from segment_model.errors import percent
from segment_model.sql_text import quoted

MINOR = frozenset({"cent", "cents", "pence", "minor"})  # words of money in the smallest unit
STRIPE_ID = re.compile(r"(cus|sub|ch|in|pi|si|py)_\w{5,}", re.ASCII)  # of customers, subscriptions, charges, invoices
LONGEST_CODE = 3  # letters of a currency
MOST_NEGATIVE = 0.5  # of the rows; in a bank's export, what customers pay is negative


@dataclass
class Conventions:
    """Further columns and settings, and why some are not certain."""

    columns: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    features: dict[str, Any] = field(default_factory=dict)
    checks: dict[str, str] = field(default_factory=dict)

    def choose_rows(self, conditions: Sequence[RowCondition | None]) -> None:
        """Note the conditions on rows, all of which must hold."""
        needed = [condition for condition in conditions if condition is not None]
        if needed:
            self.options["where"] = " and ".join(condition.text for condition in needed)
            self.checks["where"] = "; ".join(condition.reason for condition in needed)


def order_conventions(look: TableLook, columns: Mapping[str, str]) -> Conventions:
    """The conventions that the values of an orders table ask for."""
    conventions = Conventions()
    taken = set(columns.values())
    _, refunded = best(look, REFUNDED_OF, is_number, taken)
    if refunded is not None and any(look[refunded].numbers):
        conventions.columns["refunded_amount"] = refunded
    money = look[columns.get("amount") or columns["quantity"]]
    if money.negative:
        conventions.features["rfm"] = {"refunds": "dropped"}
        paid = ", which is most: if they are what customers pay, write them without the minus"
        most = paid if money.negative > MOST_NEGATIVE else ""
        conventions.checks["refunds"] = f"{percent(money.negative)} of the rows are negative{most}; or netted, or kept?"
    money_column = "amount" if "amount" in columns else "price"
    settle_minor_units(look, columns[money_column], conventions)
    cancelled = None if money.negative else cancelled_ids(look, columns.get("order_id"))
    states, doubt = row_conditions(look, money.name)
    if doubt:
        conventions.checks[money_column] = doubt
    conditions = [*states, cancelled, settle_currency(look, taken, conventions, columns[money_column])]
    conventions.choose_rows(conditions)
    return conventions


def settle_minor_units(look: TableLook, money: str, conventions: Conventions) -> None:
    """Note money in the smallest unit: by its name, or since the ids of the table are those of Stripe's API."""
    if MINOR & set(words_of(money)):
        conventions.options["minor_units"] = True
        return
    ids = [column for column in look.columns if _has_ids_of_stripe(column)]
    written = [str(number) for number in look.sample[money] if number is not None]
    if ids and look[money].is_whole and (not look[money].is_text or all(map(str.isdigit, written))):
        conventions.options["minor_units"] = True
        conventions.checks["minor_units"] = (
            f"{ids[0].name} holds ids of Stripe's API, which counts {money} in cents; false where it is in whole units"
        )


def _has_ids_of_stripe(column: ColumnProfile) -> bool:
    return is_text(column) and bool(column.levels) and all(STRIPE_ID.match(level) for level, _ in column.levels)


def settle_currency(
    look: TableLook, taken: Collection[str], conventions: Conventions, money: str
) -> RowCondition | None:
    """Note the currency of the rows; where there are several, the condition that keeps the most common.

    money : the column whose currency it is: of several columns of currencies, the one of the most alike name.
    """
    columns = [column for score, column in ranked(look, CURRENCY_OF, is_text, taken) if score >= CERTAIN]
    columns = [column for column in columns if any(_is_code(code) for code, _ in column.levels)]
    if not columns:
        return None
    chosen = max(columns, key=lambda column: (_likeness(column.name, money), len(column.levels)))
    others = [column.name for column in columns if look.sample[column.name] != look.sample[chosen.name]]
    if others:
        conventions.checks["currency"] = f"is it that of {money}; or {' or '.join(others)}?"
    codes = sorted((code for code, _ in chosen.levels), key=lambda code: not _is_code(code))  # coins are no currency
    conventions.features["currency"] = codes[0].upper()
    conventions.columns["currency"] = chosen.name
    if len(codes) == 1:
        return None
    more = ", ".join(codes[1:4]) + (", ..." if len(codes) > 4 else "")
    return RowCondition(
        f"{written_name(chosen.name)} = {quoted(codes[0])}", f"leaves out money in {more}; or give exchange_rates"
    )


def _is_code(text: str) -> bool:
    return len(text) == LONGEST_CODE and text.isalpha()


def _likeness(name: str, other: str) -> float:
    """The share of the words of two names that both have."""
    words, others = {*words_of(name)}, {*words_of(other)}
    return len(words & others) / len(words | others)
