"""A small table that a notebook shows as HTML and a terminal as text.

The HTML has no script, escapes every text, and takes the colours around it, so that it fits a light and a dark page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from jinja2 import Environment

GAP = "  "
WIDEST = 60  # letters of a cell of text


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A title, sentences, rows of texts under headings, and notes."""

    title: str
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    sentences: Sequence[str] = ()
    notes: Sequence[str] = ()

    @property
    def html(self) -> str:
        """The table as HTML."""
        return (
            _environment()
            .get_template("table.html")
            .render(
                title=self.title,
                sentences=self.sentences,
                headings=self.headings,
                rows=self.rows,
                notes=self.notes,
                numeric=self._numeric,
            )
        )

    @property
    def text(self) -> str:
        """The table as lines of text; long cells are cut."""
        cells = [[_cut(cell) for cell in row] for row in (self.headings, *self.rows)] if self.rows else []
        widths = [max(len(row[place]) for row in cells) for place in range(len(self.headings))] if cells else []
        numeric = self._numeric
        lines = [
            GAP.join(
                cell.rjust(width) if place in numeric else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]
        return "\n".join([self.title, *self.sentences, *lines, *(f"- {note}" for note in self.notes)])

    @property
    def _numeric(self) -> frozenset[int]:
        """The places of the columns whose cells all begin like a number."""
        return frozenset(
            place
            for place in range(len(self.headings))
            if self.rows and all(row[place][:1].isdigit() or row[place][:1] in ("-", "+", "") for row in self.rows)
        )


class HasTable(Protocol):
    """What a class says of itself in a table."""

    @property
    def _shown(self) -> ShownTable: ...


Shown = TypeVar("Shown", bound=HasTable)


def shown_as_table(kind: type[Shown]) -> type[Shown]:
    """The class, of which an instance is shown by its table `_shown`: as text by `repr`, as HTML in a notebook."""
    kind.__repr__ = _as_text  # type: ignore[assignment]
    kind._repr_html_ = _as_html  # type: ignore[attr-defined]
    return kind


def _as_text(shown: HasTable) -> str:
    return shown._shown.text


def _as_html(shown: HasTable) -> str:
    return shown._shown.html


def _cut(cell: str) -> str:
    return cell if len(cell) <= WIDEST else f"{cell[: WIDEST - 1]}…"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # only a notebook needs it

    return Environment(
        loader=PackageLoader("segment_model.display"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
