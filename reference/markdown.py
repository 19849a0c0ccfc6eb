"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from segment_model.errors import SettingsError


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; a bar inside a cell is escaped.

    Raises
    ------
    SettingsError
        If a cell of the last column is empty, because that column holds the description.
    """
    lines = [_line(header), "|" + "---|" * len(header)]
    for row in rows:
        if not row[-1].strip():
            raise SettingsError(f"{row[0]} has no {header[-1]}: describe it where it is declared")
        lines.append(_line(row))
    return "\n".join(lines)


def code(text: str) -> str:
    """Text as code; nothing where there is no text."""
    return f"`{text}`" if text else ""


def _line(cells: Sequence[str]) -> str:
    return "|" + "|".join(f" {cell} ".replace("|", "\\|") if cell else " " for cell in cells) + "|"
