"""Whether vectors in an engine follow their contract, counted in one pass; as `vector_table.validated` in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ibis.expr.types as ir

from features.expressions.portable import is_infinite
from features.vector_table import REMEDIES
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SourceError, counted, shown

FAULTS, EXAMPLE = "faults of ", "example of "
BAD: Mapping[Kind, Callable[[ir.NumericValue], ir.BooleanValue]] = {
    Kind.NUMBER: is_infinite,
    Kind.COUNT: lambda values: (values < 0) | (is_infinite(values)),
    Kind.SHARE: lambda values: (values < 0) | (values > 1),
    Kind.FLAG: lambda values: (values != 0) & (values != 1),
}


def fault_sums(table: ir.Table, contract: VectorContract) -> dict[str, ir.Value]:
    """Aggregates by name: how many values of each number break the contract, and the least of them."""
    sums: dict[str, ir.Value] = {}
    for column in contract.columns:
        if not column.is_category and column.name in table.columns:
            bad = BAD[column.kind](table[column.name]).fill_null(False)
            sums |= {
                f"{FAULTS}{column.name}": bad.sum(),
                f"{EXAMPLE}{column.name}": table[column.name].min(where=bad),
            }
    return sums


def refuse_faults(totals: Mapping[str, Any], contract: VectorContract) -> None:
    """Refuse vectors by what `fault_sums` counted.

    Raises
    ------
    SourceError
        Naming the first column with such a value, what it holds and what was expected.
    """
    for column in contract.columns:
        if count := int(totals.get(f"{FAULTS}{column.name}") or 0):
            raise SourceError(_fault(column, count, totals[f"{EXAMPLE}{column.name}"]))


def _fault(column: Column, count: int, example: Any) -> str:
    holds, mend = counted(count, "other value"), REMEDIES.get(column.kind, "")
    expected = column.expected_instead_of(example)
    return f"{column.name}: expected {expected}; it holds {holds}, such as {shown(example)}{mend}"
