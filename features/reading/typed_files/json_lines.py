"""JSON lines: one flat object a line; numbers exact, keys that hold objects or lists left out by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from features.reading.text_files.text_file import TextFile
from features.reading.typed_files.rows import Row
from segment_model.errors import SourceError

EXCERPT = 60  # characters of a line in a message
MOST_COLUMNS = 10_000
WORDS = {list: "a list", str: "a text", bool: "true or false", type(None): "null", int: "a number", float: "a number"}


@dataclass
class JsonRows:
    """The rows of a file; `nested` fills, while they are read, with the keys that hold objects or lists."""

    file: TextFile
    nested: dict[str, int] = field(default_factory=dict)  # key: the first line
    names: set[str] = field(default_factory=set)  # of the other keys, likewise

    def __iter__(self) -> Iterator[Row]:
        """The objects, without nested keys.

        Raises
        ------
        SourceError
            At a line that is no flat JSON object, with its number.
        """
        with self.file.path.open(encoding="utf-8-sig", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                if not line.isspace():
                    yield self._row(line, number)

    def _row(self, line: str, number: int) -> Row:
        where = f"{self.file.shown}, line {number}"
        row = _object(line, where)
        for name in [name for name, cell in row.items() if isinstance(cell, dict | list)]:
            self.nested.setdefault(name, number)
            del row[name]
        self.names |= row.keys()
        if len(self.names) > MOST_COLUMNS:
            raise SourceError(
                f"{where}: over {MOST_COLUMNS:,} different keys; write a table, with the same keys in each line"
            )
        return row


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        parsed = json.loads(line, object_pairs_hook=_single_keys, parse_constant=_constant)
    except _TwiceError as error:
        raise SourceError(f"{where}: the key {error.key!r} comes twice in one object; write it once") from error
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or "it is nested too deeply, or a number too long"
        raise SourceError(
            f"{where}: no JSON object ({line.strip()[:EXCERPT]!r}; {reason}); write one whole object a line"
        ) from error
    if isinstance(parsed, dict):
        return parsed
    kind = WORDS[type(parsed)]
    raise SourceError(f'{where} holds {kind}, not an object; write one object a line, such as {{"customer_id": 7}}')


class _TwiceError(Exception):
    """A key that comes twice."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _single_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    single = dict(pairs)
    if len(single) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return single


def _constant(word: str) -> float | None:
    """Python writes NaN for what is missing; infinities are counted later."""
    return None if word == "NaN" else float(word.replace("Infinity", "inf"))


def refuse_nested(rows: JsonRows, wanted: set[str]) -> None:
    """Refuse nested values in columns that are wanted.

    Raises
    ------
    SourceError
        Naming the key and the first line.
    """
    for name in sorted(wanted & rows.nested.keys()):
        _refuse(rows, name)


def not_read(names: Sequence[str], what: str = "objects or lists") -> str:
    """That columns are left out since they hold objects or lists, and what to do to have them read."""
    holds, are, them = ("holds", "is", "it") if len(names) == 1 else ("hold", "are", "them")
    return f"{', '.join(names)} {holds} {what}, and {are} not read: write what you need of {them} as columns"


def _refuse(rows: JsonRows, name: str) -> NoReturn:
    raise SourceError(
        f"{rows.file.shown}, line {rows.nested[name]}: the key {name!r} holds an object or a list; write its values "
        "under keys of their own"
    )
