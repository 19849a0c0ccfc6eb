"""Marks are kept as bits and come back as they were, however many there are."""

from __future__ import annotations

import duckdb
import ibis
import ibis.expr.types as ir
import pytest

from features.tables.packed_marks import PRESENT, keep_packed


@pytest.mark.parametrize("size", [1, 2, 59, 60, 61, 150])
def test_marks_come_back(size: int) -> None:
    connection = duckdb.connect()
    backend = ibis.duckdb.from_connection(connection)
    columns = ", ".join(f"i % {number + 2} = 0 AS m{number}" for number in range(size))
    connection.execute(f"CREATE TABLE raw AS SELECT i, {columns} FROM range(200) AS r(i)").fetchall()  # noqa: S608
    raw = ibis.table({"i": "int64", **{f"m{number}": "boolean" for number in range(size)}}, name="raw")
    table = raw.mutate(t=ibis.cases((raw.i == 7, "seven")))
    marks = [*(f"m{number}" for number in range(size)), "t"]
    kept_columns: list[str] = []

    def keep(packed: ir.Table) -> ir.Table:
        kept_columns.extend(packed.columns)
        connection.execute(f"CREATE TABLE kept AS {backend.compile(packed)}").fetchall()
        return ibis.table(packed.schema(), name="kept")

    def rows_of(rows: ir.Table) -> list[tuple[object, ...]]:
        return connection.execute(str(backend.compile(rows.order_by("i")))).fetchall()

    kept = keep_packed(table, marks, keep)
    assert kept.columns == ("i", *marks)
    assert len(kept_columns) == 1 + -(-(size + 1) // 60)
    assert rows_of(kept) == [(*row[:-1], PRESENT if row[-1] else None) for row in rows_of(table)]


def test_a_table_that_is_not_kept_stays_as_it_is() -> None:
    table = ibis.table({"i": "int64", "m": "boolean"}, name="raw")
    assert keep_packed(table, ["m"], lambda packed: packed) is table
