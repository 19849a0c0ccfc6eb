"""The figures by the levels of one attribute, to compare the segments with."""

from __future__ import annotations

from dataclasses import dataclass

from reporting.sections.figure_book import FigureBook, FigureCell
from reporting.sections.overview import shown_figures

MOST_LEVELS = 8


@dataclass(frozen=True, slots=True)
class ByAttribute:
    """A row a level; others : the attributes, and left_out the levels, that only the file of figures has.

    is_dated : whether the level of a past month is known, or only today's.
    """

    attribute: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[FigureCell, ...]], ...]
    left_out: int
    others: tuple[str, ...]
    is_dated: bool


def by_attribute(book: FigureBook) -> ByAttribute | None:
    """The first attribute of the record, with at most eight levels; None without one."""
    if not book.attributes:
        return None
    attribute, *others = book.attributes
    figures = shown_figures(book)
    rows = [
        (level, tuple(book.cell(figure, level, attribute) for figure in figures)) for level in book.levels(attribute)
    ]
    known = [(level, cells) for level, cells in rows if any(cell.number is not None for cell in cells)]
    columns = tuple((book.label(figure), book.definitions[figure].words) for figure in figures)
    left_out = max(0, len(known) - MOST_LEVELS)
    return ByAttribute(
        attribute.replace("_", " "),
        columns,
        tuple(known[:MOST_LEVELS]),
        left_out,
        tuple(other.replace("_", " ") for other in others),
        attribute not in book.record.undated,
    )
