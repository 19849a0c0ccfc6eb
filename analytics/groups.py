"""The groups that figures compare: everyone, segments, the largest levels of attributes, and who meets a condition.

A customer belongs to the group in which it was at the month end that a figure is about, whatever it is in today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from analytics.history import MEETS, NOT_ASSIGNABLE, REST, DatedRows, History, condition_column
from features.sources import fetch
from segment_model.errors import counted

SEGMENT = "segment"
MOST_LEVELS = 8
OTHER = "other"
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Groupings:
    """The groupings of a record beside "everyone".

    levels : of each attribute, the largest at the last month end, the largest first. notes : which were pooled.
    conditions : the columns of the conditions (`history.condition_column`), each with the groups MEETS and REST.
    """

    levels: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The segments first, then the attributes, then the columns of the conditions."""
        return (SEGMENT, *self.levels, *self.conditions)

    def with_groups(self, rows: ir.Table, members: ir.Table) -> ir.Table:
        """Rows of customers and positions with a column for each grouping.

        Customers without membership at their position are NOT_ASSIGNABLE, their attributes not known, and they meet no
        condition.
        """
        own = members.select(
            "position", *self.levels, *self.conditions, segment=members.segment, member_id=members.customer_id
        )
        joined = rows.left_join(own, [rows.customer_id == own.member_id, rows.position == own.position])
        return joined.select(*rows.columns, **self._columns(joined))

    def of_members(self, members: ir.Table) -> ir.Table:
        """Each membership: `customer_id`, `position` and a column for each grouping."""
        return members.select("customer_id", "position", **self._columns(members))

    def _columns(self, table: ir.Table) -> dict[str, ir.Value]:
        groups: dict[str, ir.Value] = {SEGMENT: table.segment.fill_null(NOT_ASSIGNABLE)}
        for name, levels in self.levels.items():
            level = table[name]
            groups[name] = ibis.cases((level.isnull(), NOT_KNOWN), (level.isin(list(levels)), level), else_=OTHER)
        for name in self.conditions:
            groups[name] = ibis.ifelse((table[name] == MEETS).fill_null(False), MEETS, REST)
        return groups


def groupings_of(history: History) -> Groupings:
    """The groupings of a company, with the levels that its members have at the last month end.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    dated = next((rows for rows in (history.terms, history.orders, history.events) if rows is not None), None)
    if dated is None:
        return Groupings({})
    levels, notes = {}, []
    for name in history.compared:
        sizes = _sizes(dated, name, len(history.month_ends.dates) - 1)
        levels[name] = tuple(sizes)[:MOST_LEVELS]
        if pooled := tuple(sizes)[MOST_LEVELS:]:
            customers = counted(sum(sizes[level] for level in pooled), "customer")
            notes.append(
                f"{name}: the {MOST_LEVELS} largest levels are shown; {counted(len(pooled), 'more level')} with "
                f"{customers} together at the last month end stand as {OTHER!r}"
            )
    return Groupings(levels, tuple(notes), tuple(map(condition_column, history.conditions)))


def _sizes(dated: DatedRows, name: str, last: int) -> dict[str, int]:
    """The customers of each level at a month end; the largest level first, of equal ones by name."""
    members = dated.members.filter(dated.members[name].notnull())
    sizes = members.group_by(level=members[name]).aggregate(customers=(members.position == last).sum())
    rows = fetch(sizes, f"counting the levels of {name}").to_pylist()
    return {row["level"]: row["customers"] for row in sorted(rows, key=lambda row: (-row["customers"], row["level"]))}
