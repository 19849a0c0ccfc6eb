"""One pass over the bytes of a text file, before any engine reads it: is it UTF-8, are its lines of a readable length?

The pass costs a twentieth of parsing, and its findings hold for every row, not only for the first ones.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 20
LONGEST_LINE = 2_000_000  # bytes; DuckDB's own limit
LINE_FEED, RETURN = b"\n", b"\r"


@dataclass(frozen=True, slots=True)
class ByteScan:
    """What the bytes of a file hold. Positions are in bytes from the start; None is nowhere.

    The scan ends at the first byte that is no UTF-8, at the first NUL, and in a line that is too long: what comes after
    it is not looked at.
    """

    size: int
    has_return: bool
    invalid_at: int | None = None
    nul_at: int | None = None
    long_line_at: int | None = None


def scan_bytes(path: Path) -> ByteScan:
    """Scan a file as UTF-8 text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_ascii, has_return, size, line_start = True, False, 0, 0
    for chunk in chunks_of(path):
        if (nul := chunk.find(b"\0")) >= 0:
            return ByteScan(size + len(chunk), has_return, nul_at=size + nul)
        if not (chunk.isascii() and is_ascii):
            is_ascii = False
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return ByteScan(size + len(chunk), has_return, invalid_at=size - pending + error.start)
        has_return = has_return or RETURN in chunk
        first, last = _line_ends(chunk)
        if (first if first >= 0 else len(chunk)) + size - line_start > LONGEST_LINE:
            return ByteScan(size + len(chunk), has_return, long_line_at=line_start)
        line_start = size + last + 1 if last >= 0 else line_start
        size += len(chunk)
    cut_off = len(decoder.getstate()[0])
    return ByteScan(size, has_return, invalid_at=size - cut_off if cut_off else None)


def chunks_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a piece at a time."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def line_of(path: Path, position: int) -> int:
    """The number of the line, from 1, in which a byte stands."""
    lines, start = 1, 0
    for chunk in chunks_of(path):
        piece = chunk[: max(position - start, 0)]
        lines += piece.count(LINE_FEED) or piece.count(RETURN)
        start += len(chunk)
        if start >= position:
            break
    return lines


def _line_ends(chunk: bytes) -> tuple[int, int]:
    """The positions of the first and the last end of a line; -1 without one."""
    firsts = [at for at in (chunk.find(LINE_FEED), chunk.find(RETURN)) if at >= 0]
    return min(firsts, default=-1), max(chunk.rfind(LINE_FEED), chunk.rfind(RETURN))
