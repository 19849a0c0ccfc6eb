"""Text files in UTF-8: packed ones are unpacked, others decoded, into copies in a temporary folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from features.reading.scratch import ScratchFolder
from features.reading.text_files.byte_scan import LONGEST_LINE, ByteScan, line_of, scan_bytes
from features.reading.text_files.encodings import Encoding, settle_encoding
from features.reading.text_files.utf8_copy import decode_to_utf8, unpack
from segment_model.errors import SourceError


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that can be read as UTF-8: its name for messages, the path of the text, what it was and what it holds."""

    shown: str
    path: Path
    encoding: Encoding
    scan: ByteScan


def settle_text(path: Path, shown: str, encoding: str | None, scratch: ScratchFolder) -> TextFile:
    """Settle the encoding of a file; unpack and decode it where that is needed.

    Parameters
    ----------
    shown
        The file's name for messages.
    encoding
        That of the settings; None detects.

    Raises
    ------
    SourceError
        If the file is empty, no text, has a line that is too long, or no encoding fits, with the line.
    OSError
        If the file cannot be read or a copy not be written.
    """
    if path.name.lower().endswith(".gz"):
        unpacked = scratch.new(".txt")
        unpack(path, shown, unpacked)
        path = unpacked
    settled, scan = _scanned(path, shown, encoding)
    if not settled.is_utf_8:
        decoded = scratch.new(".txt")
        decode_to_utf8(path, shown, settled.codec, decoded)
        path, scan = decoded, scan_bytes(decoded)
    _refuse_faults(path, shown, scan)
    return TextFile(shown, path, settled, scan)


def _scanned(path: Path, shown: str, encoding: str | None) -> tuple[Encoding, ByteScan]:
    scan = scan_bytes(path)
    if not scan.size:
        raise SourceError(f"{shown} is empty (0 bytes): not even the names of columns are in it; export it again")
    return settle_encoding(path, shown, scan, encoding), scan


def _refuse_faults(path: Path, shown: str, scan: ByteScan) -> None:
    """Refuse bytes that no table in UTF-8 has."""
    if scan.nul_at is not None:
        line = line_of(path, scan.nul_at)
        raise SourceError(f"{shown}, line {line}, holds a NUL byte: the file is damaged or no text; export it again")
    if scan.invalid_at is not None:
        line = line_of(path, scan.invalid_at)
        raise SourceError(f"{shown}, line {line}, is not UTF-8; name its encoding, such as `encoding: cp1252`")
    if scan.long_line_at is not None:
        line = line_of(path, scan.long_line_at)
        raise SourceError(
            f"{shown}, line {line}, is longer than {LONGEST_LINE // 1_000_000} MB, and no row of a table is: the file "
            "is damaged or holds no table; export it again"
        )
