"""What a record is computed from: the raw tables of a company, and who was in which segment at each month end.

All tables are Ibis expressions. A raw table and the membership beside it lie in one engine and have `customer_id` of
one type, so that they can be joined there; nothing as long as the customers leaves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import ibis.expr.types as ir

from analytics.month_ends import MonthEnds

UNASSIGNED = "unassigned"  # stands for a segment id where a customer is in none
NOT_ASSIGNABLE = "not_assignable"  # where the model could not read the customer at that moment
EVERYONE = "everyone"
MEETS, REST = "meets", "rest"  # the groups of a condition


def condition_column(name: str) -> str:
    """The column of `members` that says who meets a condition; no other table has a column of such a name."""
    return f"meets {name}"


@dataclass(frozen=True, slots=True)
class DatedRows:
    """The usable rows of one raw table, and the membership in its engine.

    rows : under our names (`features.tables.raw_tables`), before `observed_until`, moments on the wall clock of the
    business, money in ten-thousandths as whole numbers: `cents` (of `amount` or `mrr`), `cost_cents` where a cost is
    known. members : `customer_id`, `position` (of the month end in `MonthEnds.dates`, from 0), `segment` (an id,
    UNASSIGNED or NOT_ASSIGNABLE), one text column for each attribute to compare by, as it was at that month end, and
    one for each condition (`condition_column`: MEETS or REST).
    """

    rows: ir.Table
    members: ir.Table


@dataclass(frozen=True)
class History:
    """The tables of a company; None where it has no such table.

    terms : rows of subscriptions, with `started_at`, `ended_at` (null while they run or where the end lies at or after
    `observed_until`), `cents`, and where known `plan`, `is_trial`. orders : rows of order lines, with `ordered_at`,
    `cents`, `order_id` where known. events : rows with `occurred_at`. keep : computes an expression once in its engine
    and gives the table with the result. compared : the attribute columns of `members`. conditions : by name, the
    columns of the vector that each reads.
    """

    month_ends: MonthEnds
    segments: tuple[str, ...]  # the ids of the model, in its order
    terms: DatedRows | None = None
    orders: DatedRows | None = None
    events: DatedRows | None = None
    compared: tuple[str, ...] = ()
    conditions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    keep: Callable[[ir.Table], ir.Table] = field(default=lambda table: table)
