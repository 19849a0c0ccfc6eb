"""The facts of a column in Arrow's memory, by its type: numbers, flags, text as it is, or neither."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from segment_model.inference.kind_inference import ColumnFacts, number_facts, unreadable_facts


def typed_facts(column: pa.ChunkedArray) -> ColumnFacts:
    """Look at every value of a column; text is not read as numbers."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return typed_facts(column.cast(kind.value_type))
    if pa.types.is_string_view(kind):  # Arrow counts the different values of no view
        return typed_facts(column.cast(pa.large_string()))
    if pa.types.is_boolean(kind):
        return number_facts(_doubles(column), flags=True)
    if pa.types.is_integer(kind):
        # doubles do not tell all ids of 19 digits apart
        return replace(number_facts(_doubles(column)), distinct=pc.count_distinct(column).as_py())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return number_facts(_doubles(column))
    if is_text(kind):
        known = len(column) - column.null_count
        return ColumnFacts(len(column), known, pc.count_distinct(column).as_py(), is_text=True)
    return unreadable_facts(pa.types.is_temporal(kind), str(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether a type of Arrow is text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _doubles(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, pa.float64(), safe=False).to_numpy()
