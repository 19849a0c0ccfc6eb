"""The comparison of any two segments: every figure and typical value of all of them, of which a reader picks two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from analytics.pair_differences import pair_differences
from analytics.record import Definition, Mark, Unit
from analytics.retention.retention_figures import NO_MEMBERS
from reporting.content.report_content import DiscoveryContent, SegmentContent
from reporting.rendering import WriteAmount
from reporting.sections.figure_book import (
    ABSENT,
    MARK_WORDS,
    SEGMENT,
    FigureBook,
    FigureCell,
    cell_of,
    difference_words,
    is_percentage,
    period_words,
)
from reporting.sections.keys import Key, Keys
from segment_model.errors import percent

FLAG_WORDS = "Share of the customers whose value is known."
MOST_PAIRED = 12  # segments; the pairs of more would make the page too large


@dataclass(frozen=True, slots=True)
class PairCell:
    """The first segment's figure less the second's, in words with the 95 % interval; places : of both columns.

    is_sure : whether the interval leaves 0 out.
    """

    places: tuple[int, int]
    words: str
    interval: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A line of the comparison: a cell a segment in the order of the columns, and the pairs with a known difference."""

    label: str
    title: str
    cells: tuple[FigureCell, ...]
    pairs: tuple[PairCell, ...] = ()

    @property
    def defines(self) -> bool:
        """Whether the segments are made by the figure, so that its differences have no mark."""
        return any(cell.mark == MARK_WORDS[Mark.DEFINES] for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The columns are segments; rows come in groups, each with a heading. has_pairs : if any difference is known."""

    columns: tuple[Key, ...]
    groups: tuple[tuple[str, tuple[ComparedRow, ...]], ...]
    has_pairs: bool


def comparison(discovery: DiscoveryContent, book: FigureBook | None, keys: Keys) -> Comparison | None:
    """What two segments can be compared in; None where there is only one."""
    if len(discovery.segments) < 2:
        return None
    groups = [("Size", _sizes(discovery))]
    if book is not None:
        groups.extend(_figures(discovery, book))
        groups.append(("Shares", _shares(discovery, book)))
    groups.append(("Typical values", _typical(discovery)))
    columns = tuple(keys[segment.id] for segment in discovery.segments)
    has_pairs = any(row.pairs for _, rows in groups for row in rows)
    return Comparison(columns, tuple((title, rows) for title, rows in groups if rows), has_pairs)


def _sizes(discovery: DiscoveryContent) -> tuple[ComparedRow, ...]:
    words = "Customers in the segment when it was discovered."
    sizes = tuple(FigureCell("customers", f"{segment.size:,}") for segment in discovery.segments)
    shares = tuple(FigureCell("share", percent(segment.share)) for segment in discovery.segments)
    return ComparedRow("customers", words, sizes), ComparedRow("share of customers", words, shares)


def _figures(discovery: DiscoveryContent, book: FigureBook) -> list[tuple[str, tuple[ComparedRow, ...]]]:
    """Every figure that any segment has, those of one period under a heading that says which."""
    figures = book.record.figures
    shown = figures[figures["period"] == figures["figure"].map(book.periods)]
    pairs = _pairs(discovery, shown, book.definitions, book.amounts_of)
    by_period: dict[str, list[ComparedRow]] = {}
    for figure, definition in book.definitions.items():
        cells = tuple(book.cell(figure, segment.id) for segment in discovery.segments) if book.has(figure) else ()
        if any(cell.note not in (ABSENT, NO_MEMBERS) for cell in cells):
            row = ComparedRow(book.label(figure), definition.words, cells, pairs.get(figure, ()))
            by_period.setdefault(book.periods[figure], []).append(row)
    return [(_heading(period), tuple(rows)) for period, rows in sorted(by_period.items())]


def _heading(period: str) -> str:
    words = period_words(period)
    return f"{words[0].upper()}{words[1:]}" + (", all months together" if "/" in period else "")


def _shares(discovery: DiscoveryContent, book: FigureBook) -> tuple[ComparedRow, ...]:
    """The share of each segment who have a flag, such as those who left."""
    shares = book.record.shares
    levels = shares.groupby("column")["level"].nunique()
    flags = shares[shares["column"].map(levels) == 1]
    definitions = {
        column: Definition(column, f"{discovery.column(column).title}: {level}", Unit.SHARE, FLAG_WORDS)
        for column, level in dict(zip(flags["column"], flags["level"], strict=True)).items()
    }
    rows = flags.rename(columns={"column": "figure", "segment": "group", "share": "value"})
    rows = rows.assign(n=rows["answered"], grouping=SEGMENT, period="", note="")
    by_group = {(row["figure"], row["group"]): row for row in rows.to_dict(orient="records")}
    pairs = _pairs(discovery, rows, definitions, book.amounts_of)
    return tuple(
        ComparedRow(
            definition.title,
            definition.words,
            tuple(cell_of(definition, by_group.get((column, own.id)), "") for own in discovery.segments),
            pairs.get(column, ()),
        )
        for column, definition in definitions.items()
    )


def _pairs(
    discovery: DiscoveryContent,
    figures: pd.DataFrame,
    definitions: Mapping[str, Definition],
    amounts_of: Callable[[str], WriteAmount],
) -> Mapping[str, tuple[PairCell, ...]]:
    """By figure, the differences of each ordered pair of segments.

    figures : rows of `FIGURES`, one period a figure. amounts_of : a figure, how its money is written.
    """
    if len(discovery.segments) > MOST_PAIRED:
        return {}
    places = {segment.id: place for place, segment in enumerate(discovery.segments)}
    rows = pair_differences(figures).to_dict(orient="records")
    cells: dict[str, list[PairCell]] = {}
    for row in rows:
        figure, low, high = row["figure"], row["low"], row["high"]
        if figure not in definitions or row["first"] not in places or row["second"] not in places:
            continue
        definition = definitions[figure]
        numbers = (row["difference"], low, high)
        difference, *span = (difference_words(number, definition, amounts_of(figure)) for number in numbers)
        words = f"{difference} points" if is_percentage(definition) else difference
        pair = (places[row["first"]], places[row["second"]])
        cells.setdefault(figure, []).append(PairCell(pair, words, " to ".join(span), bool(low > 0 or high < 0)))
    return {figure: tuple(own) for figure, own in cells.items()}


def _typical(discovery: DiscoveryContent) -> tuple[ComparedRow, ...]:
    """The typical values of each column, in the order of the first segment's columns."""
    by_segment = [_values(segment) for segment in discovery.segments]
    titles = list(dict.fromkeys(title for values in by_segment for title in values))
    words = "The median of a number, the commonest level of a category."
    return tuple(
        ComparedRow(title, words, tuple(FigureCell(title, values.get(title, "–")) for values in by_segment))
        for title in titles
    )


def _values(segment: SegmentContent) -> dict[str, str]:
    return {row.title: row.here for row in (*segment.first_rows, *segment.other_rows)}
