"""The figures by the levels of one attribute, beside which the segments must prove their worth."""

from __future__ import annotations

from dataclasses import dataclass

from reporting.sections.figure_book import FigureBook, FigureCell
from reporting.sections.overview import shown_figures

MOST_LEVELS = 8


@dataclass(frozen=True, slots=True)
class ByAttribute:
    """A row a level; others : the attributes, and left_out the levels, that only the file of figures has."""

    attribute: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[FigureCell, ...]], ...]
    left_out: int
    others: tuple[str, ...]


def by_attribute(book: FigureBook) -> ByAttribute | None:
    """The first attribute of the record, with at most eight levels; None without one."""
    if not book.attributes:
        return None
    attribute, *others = book.attributes
    figures = shown_figures(book)
    levels = book.levels(attribute)
    rows = tuple(
        (level, tuple(book.cell(figure, level, attribute) for figure in figures)) for level in levels[:MOST_LEVELS]
    )
    columns = tuple((book.label(figure), book.definitions[figure].words) for figure in figures)
    return ByAttribute(attribute.replace("_", " "), columns, rows, max(0, len(levels) - MOST_LEVELS), tuple(others))
