"""The marks of a table as the bits of few whole numbers, while an engine keeps it: most rows have none.

A column of its own for each mark took a quarter of the time of keeping a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ibis
import ibis.expr.types as ir

BITS = 60  # of one whole number
MARKS = "marks_"
PRESENT = "?"  # stands for a text that was not kept


def keep_packed(table: ir.Table, marks: Sequence[str], keep: Callable[[ir.Table], ir.Table]) -> ir.Table:
    """The table as `keep` keeps it, with the same columns; a mark that is a text is kept as `PRESENT`."""
    packed = table.select(*(name for name in table.columns if name not in marks), **_packed(table, marks))
    kept = keep(packed)
    if kept is packed:
        return table
    return kept.select(
        *(name for name in table.columns if name not in marks),
        **{name: _unpacked(kept, number, bool(table[name].type().is_string())) for number, name in enumerate(marks)},
    )


def _packed(table: ir.Table, marks: Sequence[str]) -> Mapping[str, ir.IntegerValue]:
    """The whole numbers of a row; a bit is set where a mark is true, or a text that is not missing."""
    parts = [marks[start : start + BITS] for start in range(0, len(marks), BITS)]
    return {
        f"{MARKS}{number}": _sum([_bit(table[n], bit) for bit, n in enumerate(part)])
        for number, part in enumerate(parts)
    }


def _bit(mark: ir.Value, bit: int) -> ir.IntegerValue:
    is_set = mark.notnull() if mark.type().is_string() else mark
    return ibis.ifelse(is_set, ibis.literal(1 << bit, "int64"), ibis.literal(0, "int64"))


def _sum(numbers: Sequence[ir.IntegerValue]) -> ir.IntegerValue:
    """The sum as a balanced tree: a chain is deep."""
    if len(numbers) == 1:
        return numbers[0]
    middle = len(numbers) // 2
    return (_sum(numbers[:middle]) + _sum(numbers[middle:])).cast("int64")


def _unpacked(kept: ir.Table, number: int, is_text: bool) -> ir.Value:
    part, bit = divmod(number, BITS)
    is_set = (kept[f"{MARKS}{part}"] & ibis.literal(1 << bit, "int64")) != 0
    return ibis.ifelse(is_set, PRESENT, None) if is_text else is_set
