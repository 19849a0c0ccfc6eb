"""The dialect of a CSV file, settled once for all its rows: delimiter, names of the columns, line end.

The quote character is `"` throughout and doubles inside quotes (RFC 4180). The delimiter is the one that splits the
first lines into equally many fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from features.reading.csv_files.records import Record, UnreadableRecordError, records_of_text
from features.reading.header import column_names, refuse_second_line, refuse_title, title_rows
from features.reading.text_files.byte_scan import CHUNK
from segment_model.errors import SourceError

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
HEAD_RECORDS = 1_000
SEPARATOR_LINE = "sep="  # Excel's own first line, which names the delimiter
WITHOUT_MARK = "utf-8-sig"  # UTF-8, whose byte order mark is no part of the text


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written.

    skipped : the lines before the header. first_rows : the first ones below it.
    """

    delimiter: str
    line_end: str
    names: tuple[str, ...]
    skipped: int = 0
    first_rows: tuple[tuple[str, ...], ...] = field(default=(), compare=False, repr=False)


def settle_dialect(
    path: Path,
    shown: str,
    line_end: str,
    chosen: str | None,
    header_line: int | None = None,
    codec: str = WITHOUT_MARK,
) -> Dialect:
    """The dialect of a file.

    Parameters
    ----------
    shown
        The file's name for messages.
    chosen
        The delimiter of the settings; None settles it from the header and the first lines.
    header_line
        The line that holds the names, from 1; None takes the first that is not blank, and refuses a title.
    codec
        The encoding of the file.

    Raises
    ------
    SourceError
        If the file is empty or ends above `header_line`, its header is none, or several delimiters fit.
    NeededSettingError
        If a title stands above the header.
    """
    head = read_head(path, line_end, codec)
    if not head.strip():
        raise SourceError(f"{shown} holds only blank lines: not even the names of columns are in it; export it again")
    first = head.split(line_end, 1)[0]
    skipped = 0
    if first.strip('"').lower().startswith(SEPARATOR_LINE) and len(first.strip('"')) == len(SEPARATOR_LINE) + 1:
        chosen, skipped = chosen or first.strip('"')[-1], 1
        head = head.split(line_end, 1)[-1]
    if header_line is not None:
        lines = (header_line - 1) - skipped
        if head.count(line_end) < lines:
            raise SourceError(f"{shown} ends above line {header_line}, which `header_line` says holds the names")
        head = head.split(line_end, lines)[-1] if lines > 0 else head
        skipped = max(header_line - 1, skipped)
    delimiter = chosen or _settle_delimiter(head, shown)
    records = _first_records(head, delimiter)
    if header_line is None and (above := title_rows([record.fields for record in records])):
        refuse_title(records[above].fields, shown, records[above].line + skipped)
    if header_line is None and len(records) > 1:
        header, second = (record.line + skipped for record in records[:2])
        refuse_second_line([record.fields for record in records], shown, header, second)
    names = column_names([record.fields for record in records], shown, records[0].line + skipped if records else 1)
    return Dialect(delimiter, line_end, names, skipped, tuple(tuple(record.fields) for record in records[1:]))


def read_head(path: Path, line_end: str, codec: str) -> str:
    """The first lines of a file, whole ones."""
    with path.open("rb") as file:
        head = file.read(CHUNK)
        is_whole = not file.read(1)
    text = head.decode(codec, errors="ignore")
    return text if is_whole or line_end not in text else text[: text.rindex(line_end) + len(line_end)]


def _settle_delimiter(head: str, shown: str) -> str:
    """The delimiter by which every record of the head has as many fields as the header; of several, most fields."""
    widths = {delimiter: _width(_first_records(head, delimiter)) for delimiter in DELIMITERS}
    if not any(share for _, share in widths.values()):
        return ","
    best = max(widths.values(), key=lambda width: (width[1], width[0]))
    fitting = [delimiter for delimiter, width in widths.items() if width == best]
    if len(fitting) > 1:
        words = " and the ".join(DELIMITERS[delimiter] for delimiter in fitting)
        raise SourceError(
            f"{shown}: the {words} split the lines equally well; say which it is, such as `delimiter: ';'`"
        )
    return fitting[0]


def _width(records: Sequence[Record]) -> tuple[int, float]:
    """The number of fields of the header, and the share of the records that have as many; 0 for a single column."""
    below = records[title_rows([record.fields for record in records]) :]
    width = len(below[0].fields) if below else 0
    if width < 2:
        return width, 0.0
    return width, sum(len(record.fields) == width for record in below) / len(below)


def _first_records(head: str, delimiter: str) -> list[Record]:
    """The first records; those before a fault, where there is one."""
    records: list[Record] = []
    # the reading itself says what is wrong; here only the shape matters
    with suppress(UnreadableRecordError):
        records.extend(islice(records_of_text(head, delimiter), HEAD_RECORDS))
    return records
