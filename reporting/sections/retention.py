"""Retention: how many members of a segment are active later, acquisition cohorts, and survival."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from analytics.record import AVERAGE, AnalystRecord
from reporting.charts.line_chart import Line, LineChart, line_chart
from reporting.sections.figure_book import EVERYONE, SEGMENT, span_words
from reporting.sections.keys import Keys
from segment_model.errors import counted, percent

MOST_LINES = 12  # of more, a chart is a tangle: the table has them all


@dataclass(frozen=True, slots=True)
class CurveTable:
    """A chart with its table: a heading a column, and rows of a name and its cells; left_out : lines not drawn."""

    chart: LineChart
    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell of a cohort table: its words, its shade (0 to 100, by the square of the share), and a sentence."""

    words: str
    shade: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class CohortTable:
    """Cohorts by period of acquisition, their average first; columns : the periods after; rows : name, size, cells."""

    kind: str
    columns: tuple[int, ...]
    rows: tuple[tuple[str, str, tuple[HeatCell, ...]], ...]


@dataclass(frozen=True, slots=True)
class Retention:
    """The section; a part is None where the record has none of it."""

    curves: CurveTable | None
    cohorts: tuple[CohortTable, ...]
    survival: CurveTable | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.curves is None and self.survival is None and not self.cohorts


def retention(record: AnalystRecord, keys: Keys) -> Retention:
    """The retention of a record."""
    return Retention(_curves(record, keys), _cohorts(record), _survival(record, keys))


def _curves(record: AnalystRecord, keys: Keys) -> CurveTable | None:
    """The members at all month ends, pooled: as the figures of retention are, for each number of months after."""
    of_segments = record.retention["grouping"].isin([EVERYONE, SEGMENT])
    table = record.retention[record.retention["finished"].astype(bool) & of_segments]
    if table["share"].isna().all():  # also where it has no rows
        return None
    pooled = table.groupby(["group", "k"], as_index=False).agg(
        customers=("customers", "sum"), members=("size", "sum"), shown=("share", "count")
    )
    shares = {
        (row["group"], int(row["k"])): row["customers"] / row["members"]
        for row in pooled.to_dict(orient="records")
        if row["shown"]  # else no month end has as many members as a rate needs
    }
    last = max(k for _, k in shares)
    lines, rows = [], []
    for segment_id in keys.ordered({own for own, _ in shares}):
        key = keys[segment_id]
        own = [shares.get((segment_id, k)) for k in range(1, last + 1)]
        if segment_id in keys:
            lines.append(Line(key.letter, key.name, key.style, [1.0, *own]))
        rows.append((key.name, tuple("–" if share is None else percent(share) for share in own)))
    if not lines:
        return None
    chart = line_chart(lines[:MOST_LINES], [str(k) for k in range(last + 1)], percent_tick, x_title="months after")
    headings = tuple(f"month {k}" for k in range(1, last + 1))
    return CurveTable(chart, headings, tuple(rows), max(0, len(lines) - MOST_LINES))


def _with_span(share: float | None, low: float | None, high: float | None) -> str:
    if share is None:
        return "–"
    return (
        percent(share)
        if low is None or high is None
        else f"{percent(share)} ({span_words(percent(low), percent(high))})"
    )


def percent_tick(share: float) -> str:
    """A share on an axis: "25 %"."""
    return f"{100 * share:.0f} %"


def _cohorts(record: AnalystRecord) -> tuple[CohortTable, ...]:
    """Everyone's acquisition cohorts, a table a kind."""
    table = record.cohorts[record.cohorts["grouping"] == EVERYONE]
    return tuple(_cohort_table(kind, table[table["kind"] == kind]) for kind in dict.fromkeys(table["kind"]))


def _cohort_table(kind: str, table: Any) -> CohortTable:
    columns = tuple(sorted({int(k) for k in table["k"]}))
    cells = {(row["cohort"], int(row["k"])): row for row in table.to_dict(orient="records")}
    sizes = {row["cohort"]: f"{row['size']:,.0f}" for row in table.to_dict(orient="records")}
    if AVERAGE in sizes:
        sizes[AVERAGE] = ""  # it differs by column: that of the cohorts whose period is over
    rows = tuple(
        (str(cohort), sizes[cohort], tuple(_heat_cell(cells.get((cohort, k)), k) for k in columns))
        for cohort in sorted(sizes, key=lambda name: (name != AVERAGE, name))
    )
    return CohortTable(kind, columns, rows)


def _heat_cell(row: dict[Any, Any] | None, k: int) -> HeatCell:
    if row is None:
        return HeatCell("")
    if not row["finished"]:
        return HeatCell("", title=f"{row['cohort']}, period {k}: not over yet")
    share = row["share"]
    if share is None or math.isnan(share):
        return HeatCell("–", title=f"{row['cohort']}, period {k}: {counted(int(row['size']), 'customer')}, too few")
    title = f"{row['cohort']}, period {k}: {row['customers']:,.0f} of {counted(int(row['size']), 'customer')}"
    return HeatCell(f"{100 * share:.0f}", max(0, min(100, round(100 * share * share))), title)


def _survival(record: AnalystRecord, keys: Keys) -> CurveTable | None:
    """Kaplan-Meier curves of the segments, at whole months."""
    table = record.survival[record.survival["grouping"] == SEGMENT]
    if table.empty:
        return None
    last = math.floor(table["time"].max())
    if last < 1:
        return None
    lines, rows = [], []
    headings = _months_shown(last)
    for segment_id in keys.ordered(set(table["group"])):
        own = table[table["group"] == segment_id].sort_values("time").to_dict(orient="records")
        key = keys[segment_id]
        at = [_at(own, month) for month in range(last + 1)]
        shares = [None if row is None else row[0] for row in at]
        if segment_id in keys:
            low, high = ([None if row is None else row[place] for row in at] for place in (1, 2))
            lines.append(Line(key.letter, key.name, key.style, shares, low, high))
        cells = tuple("–" if at[month] is None else _with_span(*at[month]) for month in headings)  # type: ignore[misc]
        rows.append((f"{key.name} (n {own[0]['at_risk']:,.0f})", cells))
    chart = line_chart(
        lines[:MOST_LINES],
        [str(month) for month in range(last + 1)],
        percent_tick,
        x_title="months since the first start",
        steps=True,
        marks=False,
    )
    return CurveTable(
        chart, tuple(f"month {m}" for m in headings), tuple(rows), left_out=max(0, len(lines) - MOST_LINES)
    )


def _months_shown(last: int) -> tuple[int, ...]:
    """The months of the table beside the curve: up to 12 of them, the last among them."""
    step = max(1, math.ceil(last / 12))
    return tuple(sorted({*range(step, last + 1, step), last}))


def _at(rows: list[dict[Any, Any]], month: int) -> tuple[float, float | None, float | None] | None:
    """The share still there at a whole month, with its interval; None beyond the last time that is known."""
    if not rows or month > rows[-1]["time"]:
        return None
    share: tuple[float, float | None, float | None] = (1.0, None, None)
    for row in rows:
        if row["time"] > month:
            break
        low, high = (None if math.isnan(row[name]) else float(row[name]) for name in ("low", "high"))
        share = (float(row["share"]), low, high)
    return share
