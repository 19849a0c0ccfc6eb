"""Orders: the moment, the order's id and its money, by names and by how the values go together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from features.inspection.looks.amount_rows import doubts_of_rows, repeats
from features.inspection.looks.column_profile import ColumnProfile
from features.inspection.looks.table_look import TableLook
from features.inspection.names.meanings import (
    AMOUNT_OF,
    DISCOUNT_OF,
    ORDER_ID,
    ORDERED_AT,
    PRICE_OF,
    QUANTITY_OF,
)
from features.inspection.names.name_words import concepts_of, currency_of
from features.inspection.names.vocabulary import Concept
from features.inspection.roles.order_conventions import order_conventions
from features.inspection.roles.table_proposal import (
    ALIKE,
    CERTAIN,
    SAYS_NOTHING,
    TableProposal,
    best,
    best_moment,
    is_key,
    is_moment,
    is_number,
    is_text,
    ranked,
)
from features.inspection.shared_keys import CustomerKey
from features.tables.raw_tables import letters
from segment_model.errors import SourceError

DISCOUNT = "discount"  # our name of the column
ATTRIBUTES = 2  # further columns, from which a table of one row a customer rather is one of customers
SIGN = re.compile(r"[$€£¥]|\b[A-Z]{3}\b")
SIMILAR = 0.25  # difference of the scores of names of which either may be meant
SAME_ORDER = 0.98  # the least share of order ids that belong to one customer, or to one moment
LISTED = 5  # columns in a message
NAMED = 0.85  # score of a name that says an order and nothing else
EACH_AN_ORDER = (
    "one {} has rows of several customers, so it is no id and each row counts as an order; where rows are lines of an "
    "order, `features: {{rfm: {{frequency: active_days}}}}` counts days with an order instead"
)


def propose_orders(look: TableLook, key: CustomerKey) -> TableProposal | None:
    """The table as orders; None without a moment or money."""
    taken = {key.column}
    dated, ordered_at = best_moment(look, ORDERED_AT, taken)
    if ordered_at is None:
        return None
    columns = {"customer_id": key.column, "ordered_at": ordered_at}
    checks = {} if dated >= CERTAIN else {"ordered_at": "its name does not say that the order was placed then"}
    as_good = [column.name for score, column in ranked(look, ORDERED_AT, is_moment, taken) if score >= dated - ALIKE]
    if len(as_good) > 1 and not checks:
        checks["ordered_at"] = f"or {' or '.join(name for name in as_good if name != ordered_at)}?"
    identified, order_id, shared = _order_id(look, key.column, ordered_at)
    if order_id is not None:
        columns["order_id"] = order_id
    _check_written(look, taken | set(columns.values()))
    paid, money, doubts = _money(look, columns)
    if not money:
        return None
    columns |= money
    checks |= doubts
    discounts = _discounts(look, columns)
    if discounts:
        columns[DISCOUNT] = discounts[0]
    if len(discounts) > 1:
        checks[DISCOUNT] = f"or {' or '.join(discounts[1:])}?"
    if look.is_named_for_customers:
        checks.setdefault("ordered_at", f"{look.stem} is the name of a table of customers: is each row an order?")
    conventions = order_conventions(look, columns)
    not_read = {} if shared is None else {"order_id": EACH_AN_ORDER.format(shared)}
    if not discounts and any(letters(column.name) == DISCOUNT for column in look.columns):
        not_read[DISCOUNT] = "its values look like shares of the price; or are they money?"
    if not_read:
        conventions.options["not_read"] = [*not_read]  # else their names would have them read
        conventions.checks["not_read"] = "; ".join(not_read.values())
    stem = 0.7 if Concept.ORDER in concepts_of(look.stem) else 0.0
    has_more = len(look.columns) - len(columns) >= ATTRIBUTES
    is_one_row_each = has_more and look[key.column].is_unique and identified < CERTAIN and not stem
    also = {name: "; ".join(filter(None, (checks.get(name), why))) for name, why in conventions.checks.items()}
    return TableProposal(
        "orders",
        look,
        {**columns, **conventions.columns},
        dated + paid + 0.5 * identified + stem - is_one_row_each,
        conventions.options,
        conventions.features,
        {**checks, **also},
    )


def _check_written(look: TableLook, taken: set[str]) -> None:
    """Refuse money that is written with a currency sign, and so is no number."""
    for score, column in ranked(look, AMOUNT_OF, is_text, taken):
        signs = [text for text, _ in column.levels if SIGN.search(text) and any(map(str.isdigit, text))]
        if score >= CERTAIN and len(signs) > len(column.levels) / 2:
            raise SourceError(
                f"{look.file}: {column.name} is money with a sign of its currency, such as {signs[0]!r:.40}; write the "
                "number alone, such as 1234.50"
            )


def _order_id(look: TableLook, customer: str, ordered_at: str) -> tuple[float, str | None, str | None]:
    """The id of an order, with the score of its name: one that belongs to one customer each and, where its name does
    not say so, to one moment.

    Where there is none: the column that is named like it, whose ids several customers share, such as numbers that start
    again each day.
    """
    shared = None
    for score, column in ranked(look, ORDER_ID, is_key, {customer, ordered_at}):
        of_all = (customer,) if score >= CERTAIN else (customer, ordered_at)  # an id such as that of a meter recurs
        if score > SAYS_NOTHING and all(_belongs_to(look, column.name, other) >= SAME_ORDER for other in of_all):
            return score, column.name, None
        if score >= NAMED and shared is None:
            shared = column.name
    return 0.0, None, shared


def _belongs_to(look: TableLook, order_id: str, other: str) -> float:
    """The share of the sampled order ids beside which a single value of the other column stands."""
    beside: dict[Any, set[Any]] = defaultdict(set)
    for order, own in zip(look.sample[order_id], look.sample[other], strict=True):
        if order is not None and own is not None:
            beside[order].add(own)
    return sum(len(own) == 1 for own in beside.values()) / len(beside) if beside else 0.0


def _money(look: TableLook, columns: Mapping[str, str]) -> tuple[float, dict[str, str], dict[str, str]]:
    """The score, the columns of the money, and what is not certain of them. columns : the others, by our name."""
    taken, order_id = {*columns.values()}, columns.get("order_id")
    amounts = [
        (score, column)
        for score, column in ranked(look, AMOUNT_OF, is_number, taken)
        if score >= CERTAIN or len(set(column.numbers)) > 1 or column.rows == 1  # a code of all rows is no money
    ]
    units, quantity = best(look, QUANTITY_OF, is_number, taken)
    priced, price = best(look, PRICE_OF, is_number, taken | {str(quantity)})
    both = {"quantity": quantity, "price": price} if quantity is not None and price is not None else {}
    score, amount = (amounts[0][0], amounts[0][1].name) if amounts else (0.0, None)
    if both and (amount is None or amount == price or score < CERTAIN or repeats(look, order_id, amount)):
        alike = ranked(look, PRICE_OF, is_number, taken | {*both.values()})
        rivals = [other.name for own, other in alike if own >= priced - ALIKE]
        doubts = {"price": f"or {' or '.join(rivals)}?"} if rivals else {}
        return min(units, priced), {name: str(column) for name, column in both.items()}, doubts
    if amount is None:
        return 0.0, {}, {}
    reasons = "; ".join(filter(None, (_doubts(look, amounts, order_id), *doubts_of_rows(look, amount, columns))))
    return score, {"amount": amount}, {"amount": reasons} if reasons else {}


def _doubts(look: TableLook, amounts: Sequence[tuple[float, ColumnProfile]], order_id: str | None) -> str:
    """Why the amount is not certain, or an empty text."""
    score, column = amounts[0]
    if repeats(look, order_id, column.name):
        return "the same amount stands on every line of an order, and each line counts: keep one line of each"
    if score < CERTAIN:
        others = " or ".join(other.name for _, other in amounts[1:LISTED])
        return f"no name says which column is the money of the row; {f'or {others}?' if others else 'is it this?'}"
    rivals = [other.name for close, other in amounts[1:] if close >= score - ALIKE or _is_net(column, other)]
    return f"or {' or '.join(rivals)}?" if rivals else ""


def _is_net(gross: ColumnProfile, other: ColumnProfile) -> bool:
    """Whether a table has the same money with taxes and without."""
    return Concept.GROSS in concepts_of(gross.name) and Concept.NET in concepts_of(other.name)


def _discounts(look: TableLook, columns: Mapping[str, str]) -> list[str]:
    """The columns of discounts in money, that of the most money first; shares and percents are none."""
    scored = ranked(look, DISCOUNT_OF, is_number, set(columns.values()))
    alike = [column for score, column in scored if score >= max(CERTAIN, scored[0][0] - SIMILAR)]
    money = [column for column in alike if not _is_rate(look, column.name, columns)]
    return [column.name for column in sorted(money, key=lambda column: -abs(sum(column.numbers)))]


def _is_rate(look: TableLook, discount: str, columns: Mapping[str, str]) -> bool:
    """Whether a discount is a share of the money, by values up to 1 where amounts are larger."""
    largest = max(map(abs, look[discount].numbers))
    named_money = Concept.AMOUNT in concepts_of(discount) or currency_of(discount) is not None
    return not named_money and largest <= 1 < max(map(abs, _money_numbers(look, columns)))


def _money_numbers(look: TableLook, columns: Mapping[str, str]) -> tuple[float, ...]:
    return look[columns.get("amount") or columns["price"]].numbers
