"""Marks beside the typed columns of a table: texts that cannot be read, and words that mean missing."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from features.expressions.portable import is_infinite
from features.tables.choice_marks import choice_marks
from features.tables.raw_tables import RawTable, RawType
from features.text.reading import Reading, is_null_word, is_word, unreadable_text

# before the name of the column that a mark belongs to; with a blank, so that no column has such a name
UNREADABLE, LEVELS, INFINITE, ORIGINAL = "unreadable ", "levels ", "infinite ", "original "
NULL_WORDS = "null_words_in_"  # the report counts them under this name


def read_once(
    raw: ir.Table, contract: RawTable, matched: Mapping[str, str], readings: Mapping[str, Reading]
) -> ir.Table:
    """The typed columns, the originals that `text_marks` reads, and where a float is infinite."""
    kinds = {column.name: column.type for column in contract.columns}
    floats = [name for name in readings if raw[matched[name]].type().is_floating()]
    numbers = [name for name in floats if kinds[name] in (RawType.NUMBER, RawType.FLAG)]
    return raw.select(
        **{name: reading.column for name, reading in readings.items()},
        **{f"{ORIGINAL}{name}": own.original for name, own in readings.items() if own.original is not None},
        **{name: raw[name] for name in choice_marks(raw)},
        **{f"{INFINITE}{name}": is_infinite(raw[matched[name]]).fill_null(False) for name in numbers},
        # Ibis does not copy the expressions of a table with an impure column into those that use them, so that each
        # text is read once; the column itself is never computed
        **{"read once": ibis.random()},
    )


def text_marks(typed: ir.Table, readings: Mapping[str, Reading]) -> dict[str, ir.Value]:
    """The marks of a table from `read_once`, by their name."""
    marks: dict[str, ir.Value] = {}
    for name, reading in readings.items():
        if reading.original is None:
            continue
        column, original = typed[name], typed[f"{ORIGINAL}{name}"]
        marks[f"{UNREADABLE}{name}"] = unreadable_text(column, original, reading.null_words)
        if reading.is_of_text and reading.null_words:
            marks[f"{NULL_WORDS}{name}"] = is_null_word(column, original, reading.null_words)
        if reading.levels:
            marks[f"{LEVELS}{name}"] = is_word(column, reading.levels).fill_null(False)
    return marks
