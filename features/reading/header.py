"""The header of a CSV file: names, not values, and each one once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from features.grammar.null_words import NULL_WORDS
from features.reading.needed_settings import NeededSettingError
from segment_model.errors import SourceError

LOOKED_AT = 50  # first rows, among which a title and the names are looked for
FEWEST_BELOW = 3  # rows that show which columns hold numbers
NAMED = 0.8  # the least share of the columns that have a name, where a title stands above
NUMBER = re.compile(r"[+-]?\d[\d.,' ]*")
FRACTION = re.compile(r"[+-]?\d+[.,]\d+")
MOMENT = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")


def column_names(records: Sequence[Sequence[str]], shown: str, line: int) -> tuple[str, ...]:
    """The names of the columns: those of the first record, without blanks around them; `column_3` for one without.

    Raises
    ------
    SourceError
        If the first record holds values, no name at all, or a name twice.
    """
    names = [name.strip() for name in records[0]] if records else []
    if not any(names):
        raise SourceError(f"{shown}, line {line}: no column has a name; the first line holds the names of the columns")
    if looks_like_values(names, [value.strip() for value in records[1]] if len(records) > 1 else []):
        raise SourceError(
            f"{shown}, line {line}, looks like values, not like names of columns ({_excerpt(names)}): write the names "
            "into the first line"
        )
    refuse_twins(names, f"{shown}, line {line}")
    return tuple(name or unnamed(place) for place, name in enumerate(names, 1))


def title_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many rows above the names of the columns are a title: less than half filled, above a row of names.

    rows : the first rows of a table. 0 where its first row holds the names.
    """
    filled = [sum(bool(field.strip()) for field in row) for row in rows[:LOOKED_AT]]
    most = max(filled, default=0)
    begins = next((row for row in rows[:LOOKED_AT] if any(field.strip() for field in row)), [])
    if most < 2 or not begins or not begins[0].strip():
        return 0
    place = next((place for place, count in enumerate(filled) if 2 * count > most), 0)
    names = [field.strip() for field in rows[place]]
    below = [field.strip() for field in rows[place + 1]] if place + 1 < len(rows) else []
    is_header = filled[place] >= NAMED * most and below and not looks_like_values(names, below)
    return place if is_header else 0


def refuse_title(names: Sequence[str], where: str, line: int) -> None:
    """Refuse a table that begins with a title; its names stand in a later line.

    names : those of that line. where : the file.

    Raises
    ------
    NeededSettingError
        Always, with the setting `header_line`.
    """
    title = f"a title stands above the names of the columns, which are in line {line} ({_excerpt(names)})"
    raise NeededSettingError(
        f"{where}: {title}: set `header_line: {line}`, or delete the lines above; if the first line holds the "
        "names, set `header_line: 1`",
        {"header_line": line},
        "the lines above are taken for a title",
    )


def refuse_second_line(rows: Sequence[Sequence[str]], where: str, header: int, line: int) -> None:
    """Refuse a table whose names take two lines, or whose second line holds units: its columns would not be numbers.

    rows : the first rows of a table, the names first. where : the file. header, line : the lines of the first two.

    Raises
    ------
    SourceError
        If every column of numbers begins with a word, at least two of them with different ones.
    """
    if len(rows) < 2 + FEWEST_BELOW:
        return
    second = [field.strip() for field in rows[1]]
    columns = [
        [row[place].strip() for row in rows[2:LOOKED_AT] if place < len(row) and row[place].strip()]
        for place in range(len(second))
    ]
    words = {second[place] for place, below in enumerate(columns) if below and all(map(NUMBER.fullmatch, below))}
    words.discard("")
    if len(words) > 1 and not any(NUMBER.fullmatch(word) or word in NULL_WORDS for word in words):
        raise SourceError(
            f"{where}: line {line} holds words above numbers ({_excerpt(second)}), as a second line of names or of "
            f"units does: write one line of names; if they are in line {line}, set `header_line: {line}`; if line "
            f"{line} is a row like others, set `header_line: {header}`"
        )


def unnamed(place: int) -> str:
    """What a column without a name is called; places count from 1."""
    return f"column_{place}"


def refuse_twins(names: Sequence[str], where: str) -> None:
    """Refuse names that SQL cannot tell apart.

    Raises
    ------
    SourceError
        If a name comes twice, or two differ only in upper and lower case.
    """
    counts = Counter(name.lower() for name in names if name)
    for name, count in counts.items():
        if count > 1:
            twins = [f"{place} ({twin!r})" for place, twin in enumerate(names, 1) if twin.lower() == name]
            raise SourceError(
                f"{where}: the columns {' and '.join(twins)} have one name; rename one of them, so that it is clear "
                "which is meant"
            )


def looks_like_values(names: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a first record is a row: only numbers, a number with a fraction, or a date above another date."""
    filled = [name for name in names if name]
    dated = any(MOMENT.fullmatch(a) and MOMENT.fullmatch(b) for a, b in zip(names, below, strict=False))
    return dated or all(map(NUMBER.fullmatch, filled)) or any(map(FRACTION.fullmatch, filled))


def _excerpt(names: Sequence[str]) -> str:
    return f"{', '.join(names)!r:.60}"
