"""The encoding of a text file: as the settings say, by its byte order mark, or by which one fits all its bytes.

A file that is not UTF-8 is taken for cp1252 (Windows, Western Europe; latin-1 differs only in control characters) if no
part of it is UTF-8 and it looks like Western European text. Everything else is refused rather than guessed.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from features.reading.text_files.byte_scan import ByteScan, chunks_of, line_of
from segment_model.errors import SourceError

UTF_8 = "utf-8"
BYTE_ORDER_MARKS = (  # the longer first: UTF-32 begins as UTF-16 does
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN = "cp1252"
HIGH = re.compile(rb"[\x80-\xff]+")
RUN = 3  # bytes: Western European words have no more letters with accents in a row
OTHER_KINDS = (  # the first bytes of files that only look like text by their names
    (b"PK\x03\x04", "an Excel workbook or another ZIP file; name it .xlsx"),
    (b"\x1f\x8b", "compressed with gzip; name it .csv.gz"),
    (b"PAR1", "a Parquet file; name it .parquet"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls); save it as .xlsx or CSV"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the text of a file is encoded, as a Python codec."""

    codec: str

    @property
    def is_utf_8(self) -> bool:
        """Whether the file can be read without decoding it."""
        return self.codec in (UTF_8, "utf-8-sig")


def settle_encoding(path: Path, shown: str, scan: ByteScan, chosen: str | None) -> Encoding:
    """The one encoding of all bytes of a file.

    Parameters
    ----------
    shown
        The file's name for messages.
    chosen
        The codec of the settings; None detects.

    Raises
    ------
    SourceError
        If no encoding fits, with the line.
    """
    start = next(chunks_of(path), b"")
    for magic, kind in OTHER_KINDS:
        if start.startswith(magic):
            raise SourceError(f"{shown} is no text, but {kind}")
    mark = next((codec for mark, codec in BYTE_ORDER_MARKS if start.startswith(mark)), None)
    if chosen is not None:
        return Encoding("utf-8-sig" if mark == "utf-8-sig" and codecs.lookup(chosen).name == UTF_8 else chosen)
    if mark is not None and (mark != "utf-8-sig" or scan.invalid_at is None):
        return Encoding(mark)
    if scan.nul_at is not None:
        return _encoding_with_nuls(path, shown, start, scan.nul_at)
    if scan.invalid_at is None:
        return Encoding(UTF_8)
    return _western_encoding(path, shown, scan.invalid_at)


def _encoding_with_nuls(path: Path, shown: str, start: bytes, nul_at: int) -> Encoding:
    """UTF-16 without a byte order mark has a NUL in every second byte of plain letters."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    if most > len(start) / 2 * 0.6 and least <= most / 20:
        return Encoding("utf-16-le" if odd > even else "utf-16-be")
    raise SourceError(
        f"{shown}, line {line_of(path, nul_at)}, holds a NUL byte: the file is binary or damaged, not text; export it "
        "again as CSV in UTF-8"
    )


def _western_encoding(path: Path, shown: str, invalid_at: int) -> Encoding:
    """cp1252, if all bytes fit and look like it.

    Raises
    ------
    SourceError
        If a byte does not fit, or part of the file is UTF-8, or the letters look like those of another language.
    """
    line = line_of(path, invalid_at)
    high = long_runs = 0
    for chunk in chunks_of(path):
        for run in HIGH.findall(chunk):
            high += len(run)
            long_runs += len(run) if len(run) >= RUN else 0
        if re.search(rb"[\x00\x81\x8d\x8f\x90\x9d]", chunk):
            raise SourceError(
                f"{shown}, line {line}, is not UTF-8, and other bytes of the file are not cp1252 either: name its "
                "encoding, such as `encoding: gb18030`, or export it as UTF-8"
            )
        if not chunk.decode(UTF_8, errors="ignore").isascii():
            raise SourceError(
                f"{shown}, line {line}, is not UTF-8, while other lines are: the file mixes encodings or is damaged; "
                "export it as UTF-8, or name the one encoding it has, such as `encoding: cp1252`"
            )
    if long_runs > high / 2:
        raise SourceError(
            f"{shown}, line {line}, is not UTF-8, and does not look Western European either: name its encoding, such "
            "as `encoding: cp1251`, `shift_jis` or `gb18030`"
        )
    return Encoding(WESTERN)
