"""Workbooks written part by part, so that each kind of cell stands in them as Excel writes it."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


class Failure(str):
    """The text of an error, such as #N/A."""


Cell = None | bool | int | float | str | datetime | Failure


def write_workbook(
    path: Path, sheets: Mapping[str, Sequence[Sequence[Cell]]], hidden: Sequence[str] = (), is_1904: bool = False
) -> None:
    """Write sheets of rows; texts as shared strings."""
    texts: dict[str, int] = {}
    parts = {
        "xl/styles.xml": STYLES,
        **{
            f"xl/worksheets/sheet{number}.xml": _sheet(rows, texts, is_1904)
            for number, rows in enumerate(sheets.values(), 1)
        },
    }
    listed, relations, overrides = "", "", ""
    for number, name in enumerate(sheets, 1):
        state = ' state="hidden"' if name in hidden else ""
        listed += f'<sheet name="{escape(name)}" sheetId="{number}"{state} r:id="rId{number}"/>'
        relations += _relation(f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml")
    calendar = '<workbookPr date1904="1"/>' if is_1904 else "<workbookPr/>"
    parts["xl/workbook.xml"] = (
        f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{calendar}<sheets>{listed}</sheets></workbook>'
    )
    relations += _relation("rId98", "styles", "styles.xml") + _relation("rId99", "sharedStrings", "sharedStrings.xml")
    parts["xl/_rels/workbook.xml.rels"] = _relations(relations)
    strings = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in texts)
    parts["xl/sharedStrings.xml"] = f'{HEAD}<sst xmlns="{MAIN}">{strings}</sst>'
    parts["_rels/.rels"] = _relations(_relation("rId1", "officeDocument", "xl/workbook.xml"))
    parts["[Content_Types].xml"] = (
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        f"{overrides}</Types>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)


def _sheet(rows: Sequence[Sequence[Cell]], texts: dict[str, int], is_1904: bool) -> str:
    lines = ""
    for row, cells in enumerate(rows, 1):
        written = [_cell(cell, f"{chr(65 + place)}{row}", texts, is_1904) for place, cell in enumerate(cells)]
        lines += f'<row r="{row}">{"".join(written)}</row>'
    return f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{lines}</sheetData></worksheet>'


def _cell(cell: Cell, place: str, texts: dict[str, int], is_1904: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Failure):
        return f'<c r="{place}" t="e"><v>{cell}</v></c>'
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, str):
        return f'<c r="{place}" t="s"><v>{texts.setdefault(cell, len(texts))}</v></c>'
    if isinstance(cell, datetime):
        days = (cell - (datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30))).total_seconds() / 86400
        return f'<c r="{place}" s="1"><v>{days!r}</v></c>'
    return f'<c r="{place}"><v>{cell!r}</v></c>'


def _relation(identity: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{identity}" Type="{OFFICE}/{kind}" Target="{target}"/>'


def _relations(listed: str) -> str:
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'
