"""Temporary tables in the engines of the user's tables: rows placed beside them, and results that are kept.

They vanish with the connection. A user's DuckDB file stays opened read-only, which allows temporary tables; PostgreSQL
makes them in a transaction of their own that may write, while the session stays read-only.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import pyarrow as pa
from pyarrow import csv

from features.sources import plain_errors
from features.vector_table import IdType
from segment_model.sql_text import quoted_name

if TYPE_CHECKING:
    import pandas as pd

ID_TYPES = {IdType.TEXT: "TEXT", IdType.INTEGER: "BIGINT"}
NUMBER_TYPES = {"i": "BIGINT", "u": "BIGINT", "f": "DOUBLE PRECISION"}  # by the kind of a NumPy type
CUSTOMER = "customer_id"
INCOMING = "segments_incoming"


class TemporaryTables:
    """Makes temporary tables, each under a name of its own, in the engine of another table."""

    def __init__(self) -> None:
        self._made = 0

    def keep(self, table: ir.Table) -> ir.Table:
        """The table computed once in its engine.

        Raises
        ------
        SourceError
            If the engine cannot compute it, or its user may not make temporary tables.
        """
        backend = table.get_backend()
        return self._create(backend, f"AS {backend.compile(table)}")

    def place(self, frame: pd.DataFrame, beside: ir.Table, ids: IdType) -> ir.Table:
        """The frame as a table in the engine of `beside`; a missing number is null there.

        frame : columns of text or numbers, of which `customer_id` is text. ids : IdType.INTEGER only where every
        id writes a whole number of 64 bits.

        Raises
        ------
        SourceError
            If the engine refuses it, or its user may not make temporary tables.
        """
        backend = beside.get_backend()
        types = {
            name: ID_TYPES[ids] if name == CUSTOMER else NUMBER_TYPES.get(values.dtype.kind, "TEXT")
            for name, values in frame.items()
        }
        if backend.name == "duckdb":
            cast = ", ".join(
                f"CAST({quoted_name(str(n))} AS {kind}) AS {quoted_name(str(n))}" for n, kind in types.items()
            )
            backend.con.register(INCOMING, pa.Table.from_pandas(frame, preserve_index=False))
            try:
                return self._create(backend, f"AS SELECT {cast} FROM {INCOMING}")  # noqa: S608
            finally:
                backend.con.unregister(INCOMING)
        columns = ", ".join(f"{quoted_name(str(name))} {kind}" for name, kind in types.items())
        rows = io.BytesIO()
        csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), rows, csv.WriteOptions(include_header=False))
        return self._create(backend, f"({columns})", rows.getvalue())

    def _create(self, backend: Any, content: str, rows: bytes | None = None) -> ir.Table:
        """A temporary table, defined by what follows its name; rows : as CSV, for PostgreSQL."""
        self._made += 1
        name = f"segments_temporary_{self._made}"
        create = f"CREATE TEMPORARY TABLE {name} {content}"
        with plain_errors("no temporary table can be made beside the tables"):
            if backend.name == "duckdb":
                backend.con.execute(create).fetchall()
                return backend.table(name)
            with backend.con.transaction(), backend.con.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ WRITE")
                cursor.execute(create)
                if rows is not None:
                    with cursor.copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy:
                        copy.write(rows)
                cursor.execute(f"ANALYZE {name}")  # else the planner takes it for a small one
            return backend.table(name)
