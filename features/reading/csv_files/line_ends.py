"""The line end of a CSV file: one throughout; line breaks inside quotes are part of a field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from features.reading.text_files.byte_scan import ByteScan, chunks_of
from segment_model.errors import SourceError

ENDS = re.compile(rb"\r\n|\n|\r")
WORDS = {b"\n": "LF (Unix)", b"\r\n": "CRLF (Windows)", b"\r": "CR (old Mac)"}


def settle_line_end(path: Path, shown: str, scan: ByteScan) -> str:
    """The characters that end every line.

    Raises
    ------
    SourceError
        If lines end differently, with the first that does.
    """
    if not scan.has_return:
        return "\n"
    if _all_windows(path):
        return "\r\n"
    first, line = b"", 1
    for end, is_quoted in _line_ends(path):
        if not is_quoted:
            first = first or end
            if end != first:
                raise SourceError(
                    f"{shown}, line {line}, ends in {WORDS[end]}, and the lines before it in {WORDS[first]}: a field "
                    "with a line break in it must be quoted; else export the file anew, with one kind of line end"
                )
        line += 1
    return (first or b"\n").decode()


def _all_windows(path: Path) -> bool:
    """Whether every carriage return is followed by a line feed, and every line feed follows one."""
    before = b""
    for chunk in chunks_of(path):
        both = chunk.count(b"\r\n") + (before == b"\r" and chunk.startswith(b"\n"))
        returns = chunk.count(b"\r") - chunk.endswith(b"\r") + (before == b"\r")
        if not chunk.count(b"\n") == both == returns:
            return False
        before = chunk[-1:]
    return before != b"\r"


def _line_ends(path: Path) -> Iterator[tuple[bytes, bool]]:
    """The ends of all lines, and whether they stand inside quotes (after an odd number of quote characters)."""
    is_quoted, held = False, b""
    for chunk in chunks_of(path):
        piece = held + chunk
        held = b"\r" if piece.endswith(b"\r") else b""  # its line feed may begin the next chunk
        for place, part in enumerate(piece.removesuffix(held).split(b'"')):
            is_quoted ^= place > 0
            for end in ENDS.findall(part):
                yield end, is_quoted
    if held:
        yield held, is_quoted
