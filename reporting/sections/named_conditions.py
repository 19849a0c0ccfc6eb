"""The named conditions as rows: who meets each, what they are worth, and in which segments they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from analytics.history import EVERYONE, MEETS
from analytics.record import AnalystRecord, Definition, Mark, Unit
from reporting.charts.sparkline import Sparkline
from reporting.sections.figure_book import FigureBook, FigureCell, cell_of
from reporting.sections.keys import Key, Keys
from reporting.sections.overview import retention_cells, shown_figures, trends_of
from segment_model.errors import counted, percent

MOST_CONDITIONS = 8
SHARE_WORDS = "Share of the customers who meet the condition at the as-of moment."


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A condition's row.

    words : what it means, and text : how it is asked, empty where that is the same. cells : size, money, churn and
    retention of who meets it. overlap : the share of each segment that meets it. examples : a few typical customers,
    each with the segment. trends : pairs of a title and a sparkline.
    """

    name: str
    words: str
    text: str
    cells: tuple[FigureCell, ...]
    overlap: tuple[tuple[Key, FigureCell], ...]
    examples: tuple[tuple[str, Key], ...]
    trends: tuple[tuple[str, Sparkline], ...]


@dataclass(frozen=True, slots=True)
class NamedConditions:
    """The section.

    left_out : the conditions that only the file of figures has. defining : those that read what shapes the segments, so
    that their shares have no mark.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[ConditionRow, ...]
    left_out: tuple[str, ...]
    defining: tuple[str, ...] = ()

    @property
    def has_trends(self) -> bool:
        return any(row.trends for row in self.rows)


def named_conditions(book: FigureBook, keys: Keys) -> NamedConditions | None:
    """A row for each of the first eight conditions; None without any."""
    record = book.record
    if not record.conditions:
        return None
    shown, left_out = [*record.conditions][:MOST_CONDITIONS], [*record.conditions][MOST_CONDITIONS:]
    rows = tuple(_row(name, book, keys) for name in shown)
    columns = tuple((cell.label, cell.title) for cell in rows[0].cells)
    defines = record.overlap.loc[record.overlap["mark"] == Mark.DEFINES, "condition"]
    return NamedConditions(columns, rows, tuple(left_out), tuple(name for name in shown if name in set(defines)))


def _row(name: str, book: FigureBook, keys: Keys) -> ConditionRow:
    record = book.record
    condition = record.conditions[name]
    overlap = {row["segment"]: row for row in _rows(record.overlap, name)}
    figures = [book.cell(figure, MEETS, name) for figure in shown_figures(book)]
    examples = _rows(record.representatives, name)
    return ConditionRow(
        name,
        condition.words,
        "" if condition.text == condition.words else condition.text,
        (_size(overlap[EVERYONE]), *figures, *retention_cells(book, MEETS, name)),
        tuple((keys[own], _share(overlap[own], record)) for own in keys.ordered(set(overlap) - {EVERYONE})),
        tuple((row["customer"], keys[row["segment"]]) for row in examples),
        trends_of(record.condition_sizes[record.condition_sizes["condition"] == name], record.money_title),
    )


def _rows(table: Any, name: str) -> list[dict[Any, Any]]:
    rows: list[dict[Any, Any]] = table[table["condition"] == name].to_dict(orient="records")
    return rows


def _size(row: dict[Any, Any]) -> FigureCell:
    customers, n = int(row["customers"]), int(row["n"])
    title = "Customers who meet the condition at the as-of moment, and their share of all customers."
    share = percent(customers / n) if n else ""
    return FigureCell("customers", f"{customers:,}", note=share, title=title, number=float(customers))


def _share(row: dict[Any, Any], record: AnalystRecord) -> FigureCell:
    definition = Definition("overlap", "share who meet it", Unit.SHARE, SHARE_WORDS)
    is_known = row["share"] is not None and math.isfinite(row["share"])
    few = f"fewer than {counted(record.floor, 'customer')}"
    note = "" if is_known else few if row["n"] else "no customers"
    return cell_of(definition, {**row, "value": row["share"], "period": "", "note": note}, record.currency)
