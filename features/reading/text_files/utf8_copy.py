"""Copies of files that no engine reads as they are: unpacked, or decoded into UTF-8, a piece at a time."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from features.reading.text_files.byte_scan import CHUNK, chunks_of
from segment_model.errors import SourceError

FREE_SIZE = 64 << 20  # bytes that may always be unpacked
LARGEST_RATIO = 200  # of unpacked to packed bytes beyond that; tables have 3 to 50, and only a bomb has 1,000


def unpack(path: Path, shown: str, copy: Path) -> None:
    """Write the unpacked bytes of a gzip file to `copy`.

    Raises
    ------
    SourceError
        If the file is no gzip, is damaged or cut off, or unpacks to far more than a table does.
    """
    most = max(FREE_SIZE, path.stat().st_size * LARGEST_RATIO)
    size = 0
    with copy.open("wb") as target:
        for chunk in _unpacked_chunks(path, shown):
            size += len(chunk)
            if size > most:
                raise SourceError(
                    f"{shown} unpacks to over {LARGEST_RATIO} times its size, which no table does; if it is right, "
                    "unpack it yourself (gunzip) and name the unpacked file"
                )
            target.write(chunk)


def _unpacked_chunks(path: Path, shown: str) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as packed:
            while chunk := packed.read(CHUNK):
                yield chunk
    except EOFError as error:
        raise SourceError(f"{shown} is cut off: its gzip stream does not end; copy or download it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(
            f"{shown} is damaged or no gzip file; unpack it yourself, or name it .csv if it is not packed"
        ) from error


def decode_to_utf8(path: Path, shown: str, codec: str, copy: Path) -> None:
    """Write the text of a file to `copy` as UTF-8 without a byte order mark; line ends stay.

    Raises
    ------
    SourceError
        With the line of the first byte that the encoding does not have.
    """
    decoder = codecs.getincrementaldecoder(codec)()
    lines = 1
    with copy.open("wb") as target:
        for chunk in _with_end(path):
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(codec, errors="ignore")
                lines += before.count("\n") or before.count("\r")
                raise SourceError(
                    f"{shown}, line {lines}, holds a byte that {codec} does not have ({_hexadecimal(error)}): the file "
                    "has another encoding or is damaged; name its encoding (`encoding: cp1252`), or export it as UTF-8"
                ) from error
            lines += text.count("\n") or text.count("\r")
            target.write(text.removeprefix("\ufeff").encode("utf-8", errors="replace"))


def _with_end(path: Path) -> Iterator[bytes]:
    """The chunks of a file, and an empty one that ends the decoding."""
    yield from chunks_of(path)
    yield b""


def _hexadecimal(error: UnicodeDecodeError) -> str:
    return " ".join(f"0x{byte:02X}" for byte in error.object[error.start : error.end][:4]) or "cut off"
