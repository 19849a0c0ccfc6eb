"""The comparison of any two segments: every figure and typical value of all of them, of which a reader picks two."""

from __future__ import annotations

from dataclasses import dataclass

from reporting.content.report_content import DiscoveryContent, SegmentContent
from reporting.rendering import percent
from reporting.sections.figure_book import ABSENT, FigureBook, FigureCell
from reporting.sections.keys import Key, Keys


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A line of the comparison: a cell a segment, in the order of the columns."""

    label: str
    title: str
    cells: tuple[FigureCell, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The columns are segments; rows come in groups, each with a heading."""

    columns: tuple[Key, ...]
    groups: tuple[tuple[str, tuple[ComparedRow, ...]], ...]


def comparison(discovery: DiscoveryContent, book: FigureBook | None, keys: Keys) -> Comparison | None:
    """What two segments can be compared in; None where there is only one."""
    if len(discovery.segments) < 2:
        return None
    groups = [("Size", _sizes(discovery))]
    if book is not None:
        groups.append(("Figures", _figures(discovery, book)))
    groups.append(("Typical values", _typical(discovery)))
    columns = tuple(keys[segment.id] for segment in discovery.segments)
    return Comparison(columns, tuple((title, rows) for title, rows in groups if rows))


def _sizes(discovery: DiscoveryContent) -> tuple[ComparedRow, ...]:
    words = "Customers in the segment when it was discovered."
    sizes = tuple(FigureCell("customers", f"{segment.size:,}") for segment in discovery.segments)
    shares = tuple(FigureCell("share", percent(segment.share)) for segment in discovery.segments)
    return ComparedRow("customers", words, sizes), ComparedRow("share of customers", words, shares)


def _figures(discovery: DiscoveryContent, book: FigureBook) -> tuple[ComparedRow, ...]:
    """Every figure that any segment has."""
    rows = [
        ComparedRow(
            book.label(figure),
            definition.words,
            tuple(book.cell(figure, segment.id) for segment in discovery.segments),
        )
        for figure, definition in book.definitions.items()
        if book.has(figure)
    ]
    return tuple(row for row in rows if any(cell.note != ABSENT for cell in row.cells))


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
