"""What the first rows of a table show of how its text is written, where the settings do not say it.

Reading verifies it on every row: a later row that is written another way is an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import ibis.expr.types as ir

from features.grammar.moments import BLANKS, has_zone
from features.grammar.numbers import COMMA, POINT, UNKNOWN, ambiguous_number, decimal_mark
from features.notices import Notice
from features.text.rules import TextRules

FIRST_ROWS = 20_000
Texts = Mapping[str, Collection[str]]  # the texts that are no word for missing, by column


def settle(
    rules: TextRules, raw: ir.Table, moments: Collection[str], numbers: Collection[str], table: str
) -> tuple[TextRules, tuple[Notice, ...]]:
    """Complete the rules from the first rows of a table, and say what was assumed.

    moments, numbers : the columns to be read as such, by their name in the user's table; those that are no text, or
    are settled already, need nothing.

    Raises
    ------
    SourceError
        If the engine cannot read the rows.
    """
    clocks = [name for name in moments if _is_text(raw, name) and rules.date_format(name) is None]
    figures = [name for name in numbers if _is_text(raw, name)] if rules.decimal == UNKNOWN else []
    wanted = sorted({*clocks, *figures})
    if not wanted:
        return rules, ()
    texts = _first_texts(rules, raw.select(wanted), table)
    zoned = {name for name in clocks if _carries_zone(rules, raw, name, texts[name], table)}
    mark = decimal_mark([text for name in figures for text in texts[name]]) if figures else rules.decimal
    settled = replace(rules, zoned=rules.zoned | zoned, decimal=mark)
    return settled, tuple(_number_notices(settled.decimal, texts, figures, table))


def _first_texts(rules: TextRules, chosen: ir.Table, table: str) -> Texts:
    from features.sources import fetch  # imports engines, which typed columns do not need

    rows = fetch(chosen.limit(FIRST_ROWS), f"{table}: reading the first rows")
    return {name: _known(rows.column(name).to_pylist(), rules.nulls_of_moments(name)) for name in rows.column_names}


def _known(texts: Iterable[str | None], null_words: Collection[str]) -> list[str]:
    """The different texts, trimmed, in their order; without the words that mean missing."""
    trimmed = dict.fromkeys(text.strip(BLANKS) for text in texts if text is not None)
    return [text for text in trimmed if text and text not in null_words]


def _carries_zone(rules: TextRules, raw: ir.Table, column: str, texts: Collection[str], table: str) -> bool:
    """Whether the first moment of the column has a time zone; the first rows may have no moment at all."""
    if not texts:
        other = raw.filter(raw[column].notnull() & raw[column].strip().notin(["", *rules.nulls_of_moments(column)]))
        texts = _first_texts(rules, other.select(column).limit(1), table)[column]
    return next((zoned for zoned in map(has_zone, texts) if zoned is not None), False)


def _number_notices(decimal: str, texts: Texts, columns: Collection[str], table: str) -> Iterable[Notice]:
    """What a person should know of how the numbers were taken."""
    for column in columns:
        marked = next((text for text in texts[column] if (COMMA if decimal else POINT) in text), None)
        if marked is None:
            continue
        if decimal == COMMA:
            yield Notice(table, f'column {column!r}: {marked!r} has a decimal comma, as `decimal: ","` says it')
        elif decimal == POINT:
            yield Notice(
                table, f'column {column!r}: {marked!r} has a comma between thousands, as `decimal: "."` says it'
            )
        elif ambiguous_number([marked]):
            yield Notice(
                table,
                f"column {column!r}: {marked!r} was read with a decimal point, but every number of the first rows that "
                'has a point has three digits behind it; set `decimal: ","` if it parts thousands, else '
                '`decimal: "."`',
                warning=True,
            )


def _is_text(raw: ir.Table, column: str) -> bool:
    return bool(raw[column].type().is_string())
