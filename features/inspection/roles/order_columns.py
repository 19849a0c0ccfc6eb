"""Orders: the moment, the order's id and its money, by names and by how the values go together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from features.inspection.looks.column_profile import ColumnProfile
from features.inspection.looks.table_look import HEAD, TableLook
from features.inspection.names.meanings import (
    AMOUNT_OF,
    DISCOUNT_OF,
    ORDER_ID,
    ORDERED_AT,
    PRICE_OF,
    QUANTITY_OF,
)
from features.inspection.names.name_words import concepts_of, currency_of, says_nothing
from features.inspection.names.vocabulary import Concept
from features.inspection.roles.order_conventions import order_conventions
from features.inspection.roles.table_proposal import (
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
from features.inspection.shared_keys import BY_VALUES, CustomerKey
from features.tables.raw_tables import letters
from segment_model.errors import SourceError

DISCOUNT = "discount"  # our name of the column
ATTRIBUTES = 2  # further columns, from which a table of one row a customer rather is one of customers
SIGN = re.compile(r"[$€£¥]|\b[A-Z]{3}\b")
ALIKE = 0.01  # difference of the scores of names that say the same
SIMILAR = 0.25  # difference of the scores of names of which either may be meant
SAME_ORDER = 0.98  # the least share of order ids that belong to one customer
LISTED = 5  # columns in a message
NAMED = 0.85  # score of a name that says an order and nothing else
ENOUGH_ORDERS = 5  # with several rows, to judge how a total repeats
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
    identified, order_id, shared = _order_id(look, key.column, taken | {ordered_at})
    if order_id is not None:
        columns["order_id"] = order_id
    _check_written(look, taken | set(columns.values()))
    paid, money, doubts = _money(look, taken | set(columns.values()), order_id)
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
    if key.score <= BY_VALUES and "amount" in columns and "amount" not in checks:
        checks |= {"amount": "is it the money of the row?"} if says_nothing(columns["amount"]) else {}
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


def _order_id(look: TableLook, customer: str, taken: set[str]) -> tuple[float, str | None, str | None]:
    """The id of an order, one that belongs to one customer each, with the score of its name.

    Where there is none: the column that is named like it, whose ids several customers share, such as numbers that start
    again each day.
    """
    shared = None
    for score, column in ranked(look, ORDER_ID, is_key, taken):
        if score > SAYS_NOTHING and _belongs_to(look, column.name, customer) >= SAME_ORDER:
            return score, column.name, None
        if score >= NAMED and shared is None:
            shared = column.name
    return 0.0, None, shared


def _belongs_to(look: TableLook, order_id: str, customer: str) -> float:
    """The share of the sampled order ids that have a single customer."""
    customers: dict[Any, set[Any]] = defaultdict(set)
    for order, owner in zip(look.sample[order_id], look.sample[customer], strict=True):
        if order is not None and owner is not None:
            customers[order].add(owner)
    return sum(len(owners) == 1 for owners in customers.values()) / len(customers) if customers else 0.0


def _money(look: TableLook, taken: set[str], order_id: str | None) -> tuple[float, dict[str, str], dict[str, str]]:
    """The score, the columns of the money, and what is not certain of them."""
    amounts = [
        (score, column)
        for score, column in ranked(look, AMOUNT_OF, is_number, taken)
        if score >= CERTAIN or len(set(column.numbers)) > 1 or column.rows == 1  # a code of all rows is no money
    ]
    units, quantity = best(look, QUANTITY_OF, is_number, taken)
    priced, price = best(look, PRICE_OF, is_number, taken | {str(quantity)})
    both = {"quantity": quantity, "price": price} if quantity is not None and price is not None else {}
    score, amount = (amounts[0][0], amounts[0][1].name) if amounts else (0.0, None)
    if both and (amount is None or amount == price or score < CERTAIN or _repeats(look, order_id, amount)):
        return min(units, priced), {name: str(column) for name, column in both.items()}, {}
    if amount is None:
        return 0.0, {}, {}
    doubts = _doubts(look, amounts, order_id)
    return score, {"amount": amount}, {"amount": doubts} if doubts else {}


def _doubts(look: TableLook, amounts: Sequence[tuple[float, ColumnProfile]], order_id: str | None) -> str:
    """Why the amount is not certain, or an empty text."""
    score, column = amounts[0]
    if _repeats(look, order_id, column.name):
        return "the same amount stands on every line of an order, and each line counts: keep one line of each"
    if score < CERTAIN and len(amounts) > 1:
        others = " or ".join(other.name for _, other in amounts[1:LISTED])
        return f"no name says which column is the money of the row; or {others}?"
    rivals = [other.name for close, other in amounts[1:] if close >= score - ALIKE or _is_net(column, other)]
    return f"or {' or '.join(rivals)}?" if rivals else ""


def _is_net(gross: ColumnProfile, other: ColumnProfile) -> bool:
    """Whether a table has the same money with taxes and without."""
    return Concept.GROSS in concepts_of(gross.name) and Concept.NET in concepts_of(other.name)


def _repeats(look: TableLook, order_id: str | None, amount: str) -> bool:
    """Whether the amount is that of the whole order, on each of its lines."""
    if order_id is None:
        return False
    amounts: dict[Any, list[Any]] = defaultdict(list)
    for order, money in zip(look.sample[order_id][:HEAD], look.sample[amount][:HEAD], strict=True):
        if order is not None and money is not None:
            amounts[order].append(money)
    several = [lines for lines in amounts.values() if len(lines) > 1]
    return len(several) >= ENOUGH_ORDERS and sum(len(set(lines)) == 1 for lines in several) >= 0.95 * len(several)


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
