"""The sizes of segments, the flows between them, and the sizes of conditions, out of the counts of moves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analytics.customer_months import Activity, CustomerMonths
from analytics.growth.moves import first_sizes, memberships_with_money, moves
from analytics.history import MEETS, REST, History, condition_column
from analytics.month_ends import MonthEnds
from analytics.record import CONDITION_SIZES, FLOWS, GONE, JOINED, SIZES
from features.tables.exact_sums import TEN_THOUSANDTHS

CHANGES = ("joined", "came", "went", "gone", "left", "returned")


@dataclass(frozen=True)
class Growth:
    """The tables `SIZES`, `FLOWS` and `CONDITION_SIZES`."""

    sizes: pd.DataFrame
    flows: pd.DataFrame
    of_conditions: pd.DataFrame


def growth(history: History, months: CustomerMonths, short_history: Collection[int] = ()) -> Growth:
    """How segments grew, and who meets each condition.

    short_history : the positions of month ends that are not comparable.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    ends, last = history.month_ends, len(history.month_ends.dates) - 1
    members = memberships_with_money(history, months, *map(condition_column, history.conditions))
    first, moved = first_sizes(members), moves(members, last)
    present = {*first.segment, *moved.source.dropna(), *moved.target.dropna()}
    segments = (*history.segments, *sorted(present - {*history.segments}))
    sizes, flows = sizes_table(first, moved, segments, ends, short_history), flows_table(moved, segments, ends)
    of_conditions = condition_sizes(members, history, short_history)
    if months.activity is Activity.USING:
        flows = flows.assign(money_before=np.nan, money_after=np.nan)
        return Growth(sizes.assign(money=np.nan), flows, of_conditions.assign(money=np.nan))
    return Growth(sizes, flows, of_conditions)


def condition_sizes(members: ir.Table, history: History, short_history: Collection[int]) -> pd.DataFrame:
    """`CONDITION_SIZES`: a row for each condition and month end, in which who meets it stands as a segment does."""
    ends, tables = history.month_ends, []
    for name in history.conditions:
        grouped = members.mutate(segment=members[condition_column(name)].fill_null(REST))
        moved = moves(grouped, len(ends.dates) - 1)
        sizes = sizes_table(first_sizes(grouped), moved, (MEETS,), ends, short_history)
        tables.append(sizes.drop(columns="segment").assign(condition=name))
    whole = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(CONDITION_SIZES))
    return whole.loc[:, list(CONDITION_SIZES)]


def sizes_table(
    first: pd.DataFrame, moved: pd.DataFrame, segments: Sequence[str], ends: MonthEnds, short_history: Collection[int]
) -> pd.DataFrame:
    """`SIZES`, with a row for each month end and segment; first, moved : see `growth.moves`."""
    index = pd.MultiIndex.from_product([range(len(ends.dates)), segments], names=["position", "segment"])

    def by(name: str, rows: pd.Series[bool], column: str) -> pd.Series[float]:
        sums = moved[rows].groupby(["position", name])[column].sum()
        sums.index.names = ["position", "segment"]
        return sums.reindex(index, fill_value=0)

    source, target = moved.source.fillna(JOINED), moved.target.fillna(GONE)
    is_in, was_in, elsewhere = target != GONE, source != JOINED, source != target
    begin = first.assign(position=0).set_index(["position", "segment"]).reindex(index, fill_value=0)
    table = pd.DataFrame(
        {
            "customers": by("target", is_in, "customers") + begin.customers,
            "money": (by("target", is_in, "cents_after") + begin.cents) / TEN_THOUSANDTHS,
            "joined": by("target", is_in & ~was_in, "customers"),
            "came": by("target", is_in & was_in & elsewhere, "customers"),
            "went": by("source", is_in & was_in & elsewhere, "customers"),
            "gone": by("source", was_in & ~is_in, "customers"),
            "left": by("source", was_in, "left"),
            "returned": by("target", is_in, "returned"),
        }
    ).reset_index()
    at_first = table.position == 0
    table = table.assign(
        **{name: table[name].mask(at_first).astype(float) for name in CHANGES},
        month=table.position.map(ends.month_before),
        short_history=table.position.isin(list(short_history)),
    )
    return table.loc[:, list(SIZES)]


def flows_table(moved: pd.DataFrame, segments: Sequence[str], ends: MonthEnds) -> pd.DataFrame:
    """`FLOWS`, in order of month ends, sources and targets; pairs without customers are left out."""
    places = {name: place for place, name in enumerate((JOINED, *segments, GONE))}
    table = moved.assign(source=moved.source.fillna(JOINED), target=moved.target.fillna(GONE))
    table = table.sort_values(["position", "source", "target"], key=lambda column: column.map(places).fillna(column))
    return (
        pd.DataFrame(
            {
                "month": table.position.map(ends.month_before),
                "source": table.source,
                "target": table.target,
                "customers": table.customers,
                "money_before": table.cents_before / TEN_THOUSANDTHS,
                "money_after": table.cents_after / TEN_THOUSANDTHS,
            }
        )
        .loc[:, list(FLOWS)]
        .reset_index(drop=True)
    )
