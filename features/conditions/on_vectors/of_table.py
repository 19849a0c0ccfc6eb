"""A condition as an Ibis expression over a table of vectors, for customers who stay in their engine."""

from __future__ import annotations

import ibis.expr.types as ir

from features.conditions.expression import ReadAs, ReadColumn, condition_expression
from features.conditions.tree import Condition, column_names
from segment_model.contract import Kind, VectorContract


def holds_in_table(condition: Condition, table: ir.Table, contract: VectorContract) -> ir.BooleanValue:
    """Whether each row meets a condition that `kinds.check_kinds` accepts; null where it is unknown.

    table : has the condition's columns, as the contract names them; what is missing is null (not NaN).
    """
    columns: dict[str, ir.Value] = {}
    for name in dict.fromkeys(column_names(condition)):
        is_flag = contract[name].kind is Kind.FLAG
        columns[name] = table[name].cast("float64") == 1.0 if is_flag else table[name]

    def read(name: str, reading: ReadAs) -> ReadColumn:
        return ReadColumn(table[name].cast("string" if reading is ReadAs.TEXT else "float64"))

    return condition_expression(condition, columns, read, "UTC", "a condition").holds
