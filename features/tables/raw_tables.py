"""Contracts of the raw tables: their columns, and the mapping from a user's column names to ours."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from features.grammar.summed_numbers import LARGEST
from segment_model.errors import SourceError, nearest_word


class RawType(StrEnum):
    """What a column of a raw table holds."""

    TEXT = "text"
    KEY = "whole numbers or text"  # only compared; whole numbers stay numbers, which engines group faster
    NUMBER = "number"
    MOMENT = "timestamp"
    FLAG = "yes or no"


@dataclass(frozen=True, slots=True)
class RawColumn:
    """One column of a raw table; `needed` columns must be there.

    largest : the largest usable absolute value. A request with a larger one is refused; in a table it is made missing
    and counted.
    """

    name: str
    type: RawType
    needed: bool = False
    description: str = ""
    largest: float = math.inf


@dataclass(frozen=True, slots=True)
class RawTable:
    """The contract of a raw table.

    moment : the column that says when a row happened. either : sets of columns of which one must be there in whole.
    """

    name: str
    moment: str | None
    columns: tuple[RawColumn, ...]
    either: tuple[tuple[str, ...], ...] = ()

    def without(self, names: Sequence[str]) -> RawTable:
        """The contract without columns that are not read.

        Raises
        ------
        SourceError
            If the table has no such column, or needs it.
        """
        known = {column.name: column.needed for column in self.columns}
        for name in names:
            if name not in known:
                listed = ", ".join(known)
                raise SourceError(
                    f"{self.name}: not_read: {name!r} is not ours.{nearest_word(name, known)} Ours are {listed}"
                )
            if known[name]:
                raise SourceError(f"{self.name}: not_read: {name} is needed; leave it out of not_read")
        return replace(self, columns=tuple(column for column in self.columns if column.name not in names))

    @property
    def moment_is_needed(self) -> bool:
        """Whether a row without a moment is left out."""
        return any(column.name == self.moment and column.needed for column in self.columns)


TEXT, KEY, NUMBER, MOMENT, FLAG = RawType.TEXT, RawType.KEY, RawType.NUMBER, RawType.MOMENT, RawType.FLAG
CUSTOMER = RawColumn("customer_id", KEY, True, "whose row it is; rows without one are left out and counted")

ORDERS = RawTable(
    "orders",
    "ordered_at",
    (
        CUSTOMER,
        RawColumn("ordered_at", MOMENT, True, "when; rows without it are left out and counted"),
        RawColumn("order_id", KEY, False, "rows of one id are one order; a row without an id is an order by itself"),
        RawColumn(
            "amount", NUMBER, False, "money of the row; negative is a refund; needed unless quantity and price", LARGEST
        ),
        RawColumn("quantity", NUMBER, False, "units; with price, stands in for amount", LARGEST),
        RawColumn("price", NUMBER, False, "money of one unit", LARGEST),
        RawColumn("discount", NUMBER, False, "money taken off the row, as a positive number; null is none", LARGEST),
        RawColumn(
            "refunded_amount",
            NUMBER,
            False,
            "money of the row that was given back, as a positive number: subtracted from the amount; null is none",
            LARGEST,
        ),
        RawColumn("cost", NUMBER, False, "what the row cost you, in the same money; null is not known", LARGEST),
        RawColumn("currency", TEXT, False, "code of the row's currency, such as EUR; see `exchange_rates`"),
    ),
    either=(("amount",), ("quantity", "price")),
)
ORDERS_WITHOUT_MONEY = replace(ORDERS, either=())
EVENTS = RawTable(
    "events",
    "occurred_at",
    (
        CUSTOMER,
        RawColumn("occurred_at", MOMENT, True, "when; rows without it are left out and counted"),
        RawColumn("name", TEXT, False, "what happened, such as 'login'"),
        RawColumn("feature", TEXT, False, "the feature used; without the column `name` stands in"),
        RawColumn("device", TEXT, False, "the device used"),
        RawColumn("quantity", NUMBER, False, "units used; null is 1", LARGEST),
        RawColumn("allowed", NUMBER, False, "the customer's limit of units in 30 days, when the event happened"),
    ),
)
CUSTOMERS = RawTable(
    "customers",
    "known_at",
    (
        CUSTOMER,
        RawColumn("known_at", MOMENT, False, "since when the row is true: the latest before the as-of moment counts"),
    ),
)
SUBSCRIPTIONS = RawTable(
    "subscriptions",
    "started_at",
    (
        CUSTOMER,
        RawColumn("started_at", MOMENT, True, "start of these terms; a change of terms is a new row"),
        RawColumn("mrr", NUMBER, True, "money a month under these terms; null is 0", LARGEST),
        RawColumn("currency", TEXT, False, "code of the currency of `mrr`, such as EUR; see `exchange_rates`"),
        RawColumn("ended_at", MOMENT, False, "end of these terms, see `ends`; null while they run"),
        RawColumn("trial", FLAG, False, "whether the terms are a trial: its money is not MRR; null is no"),
        RawColumn("subscription_id", KEY, False, "rows of one id follow each other; without it those of a customer do"),
        RawColumn("plan", TEXT, False, "name of the plan"),
        RawColumn("seats", NUMBER, False, "seats allowed", LARGEST),
        RawColumn("seats_used", NUMBER, False, "seats in use", LARGEST),
        RawColumn("quota", NUMBER, False, "units allowed", LARGEST),
        RawColumn("quota_used", NUMBER, False, "units used", LARGEST),
    ),
)
EXPERIMENTS = RawTable(
    "experiments",
    "exposed_at",
    (
        CUSTOMER,
        RawColumn("experiment", TEXT, True, "name of the experiment; rows without it are left out and counted"),
        RawColumn("arm", TEXT, True, "what the customer got, such as `control`; rows without it are left out too"),
        RawColumn("exposed_at", MOMENT, True, "when the customer first could be affected; a customer's first counts"),
    ),
)
RAW_TABLES = (ORDERS, EVENTS, CUSTOMERS, SUBSCRIPTIONS)


def matched_columns(available: tuple[str, ...], contract: RawTable, columns: Mapping[str, str]) -> dict[str, str]:
    """Map our column names to those of the user's table, for the columns that it has.

    Raises
    ------
    SourceError
        With the expected columns against those found.
    """
    names = [column.name for column in contract.columns]
    for ours, theirs in columns.items():
        if ours not in names:
            raise SourceError(
                f"{contract.name}: {ours!r} in `columns` is not ours.{nearest_word(ours, names)} "
                f"Ours are {', '.join(names)} (write ours: yours)"
            )
        if theirs not in available:
            raise SourceError(
                f"{contract.name}: no column {theirs!r} for {ours}.{nearest_word(theirs, available)} "
                f"Found {', '.join(available)}"
            )
    matched = {**{name: name for name in names if name in available}, **columns}
    missing = [column.name for column in contract.columns if column.needed and column.name not in matched]
    without_money = ""
    if contract.either and not any(set(columns) <= matched.keys() for columns in contract.either):
        missing.append("amount (or quantity and price)")
        without_money = "; for orders without money write features: {rfm: {monetary: false}}"
    if missing:
        hints = "".join(nearest_word(name, available) for name in missing)
        if len(available) == 1:
            hints += " Of a text file with one column the delimiter may be another: `delimiter: '^'` says it."
        raise SourceError(
            f"{contract.name}: missing {', '.join(missing)}.{hints} Found {', '.join(available)}. "
            f"Where your names differ, map them: columns: {{{missing[0].split()[0]}: your_name}}{without_money}"
        )
    return matched


def number_columns(available: Collection[str], contract: RawTable, columns: Mapping[str, str]) -> list[str]:
    """The columns of the user's table that are read as numbers; those that it lacks are left out."""
    names = [columns.get(column.name, column.name) for column in contract.columns if column.type is RawType.NUMBER]
    return [name for name in names if name in available]


def nearly_named(available: Sequence[str], contract: RawTable, matched: Mapping[str, str]) -> dict[str, str]:
    """Columns of the user's table that are not read, by the name of ours that theirs has but for case and blanks.

    matched : as `matched_columns`. Where a table has its money, no other column is missed for it.
    """
    read, money = {*matched.values()}, {name for names in contract.either for name in names}
    ours = {letters(c.name): c.name for c in contract.columns if c.name not in matched and c.name not in money}
    return {ours[letters(theirs)]: theirs for theirs in available if theirs not in read and letters(theirs) in ours}


def letters(name: str) -> str:
    """The letters and digits of a name in lower case: what `order_id`, `Order ID` and `orderId` have in common."""
    return re.sub(r"[\W_]+", "", name.lower())
