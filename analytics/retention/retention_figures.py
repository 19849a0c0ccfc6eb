"""Retention after 3, 6 and 12 months as figures of every group: of its members, and of its subscribers."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analytics.catalogue.retention import PAYING_RETENTION, RETENTION
from analytics.groups import SEGMENT, Groupings
from analytics.history import EVERYONE, History
from analytics.intervals.estimates import clustered_share
from analytics.intervals.pair_sums import PairSums
from analytics.marking import Marking, with_interval
from analytics.options import RecordOptions
from analytics.record import Definition
from analytics.retention.later_months import pooled_by_customer
from analytics.tidy import joined, rows_of, with_floor

NOT_KNOWN_YET = "not known yet"
NO_MEMBERS = "no members then"
NOBODY_PAYS = "nobody pays then"


def retention_figures(
    members: ir.Table, history: History, groupings: Groupings, options: RecordOptions, marking: Marking
) -> pd.DataFrame:
    """Rows of `FIGURES`, of the table of `later_months.members_and_months` with the k of the catalogue.

    Segments get no mark where a month end that counts has a short history (`RecordOptions.short_history`). The interval
    is Wilson's for as many customers as are independently as informative: a customer who is a member at ten month ends
    is not ten customers.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    figures = [_figures(members, RETENTION, history, groupings, options, marking)]
    if history.terms is not None:
        paying = members.filter(members.is_active)
        figures.append(_figures(paying, PAYING_RETENTION, history, groupings, options, marking))
    return joined(figures)


def _figures(
    members: ir.Table,
    definitions: Mapping[int, Definition],
    history: History,
    groupings: Groupings,
    options: RecordOptions,
    marking: Marking,
) -> pd.DataFrame:
    """The rows of the definitions, by how many months later they look."""
    months = history.month_ends.months
    period = history.month_ends.window
    after = [k for k in definitions if k <= len(months)]
    tables = []
    for name in (EVERYONE, *groupings.names) if after else ():
        sums = pooled_by_customer(members, name, after)
        keys = pd.DataFrame({"grouping": name, "group": sums.group, "period": period})
        pairs = {k: PairSums.of_frame(sums, f"after {k}") for k in after}
        for k in after:
            short_history = name == SEGMENT and not options.short_history.isdisjoint(range(len(months) - k + 1))
            tables.append(_rows(definitions[k], keys, pairs[k], marking, options, not short_history))
    unknown = pd.DataFrame(
        [(EVERYONE, EVERYONE, period), *((SEGMENT, segment, period) for segment in history.segments)],
        columns=["grouping", "group", "period"],
    )
    tables += [rows_of(definitions[k], unknown, np.nan, 0, note=NOT_KNOWN_YET) for k in definitions if k > len(months)]
    return joined(tables)


def _rows(
    definition: Definition,
    keys: pd.DataFrame,
    sums: PairSums,
    marking: Marking,
    options: RecordOptions,
    comparable: bool,
) -> pd.DataFrame:
    """The rows of one figure and grouping; comparable : whether its groups can get marks."""
    nobody = NO_MEMBERS if definition in RETENTION.values() else NOBODY_PAYS
    note = np.where(sums.y == 0, nobody, "")
    rows = rows_of(definition, keys, clustered_share(sums).value, sums.n, note=note)
    if options.intervals:
        rows = with_interval(rows, sums, clustered_share)
        if comparable:
            rows = marking.marked(rows, definition, sums, clustered_share)
    return with_floor(rows, options.floor)
