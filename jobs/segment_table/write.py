"""Writes assignments to the table of segments: all in one transaction, or nothing.

Rows travel by COPY into a temporary table, and one statement takes them from there. A row that is there already is
written only where it differs, so a job that is run again changes nothing. Jobs that write one table wait for
one another: an advisory lock of the table's name orders them, which needs no privilege and stops no reader.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from features.reading.postgres import connect_postgres
from features.vector_table import IdType
from jobs.segment_table.columns import ANSWER, KEY, WRITTEN, columns_of, definition, differences
from jobs.segment_table.destination import SegmentTable
from segment_model.errors import DestinationError

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

WAIT = "10min"  # for another job that writes the table; then an error says so
COPIED = 50_000  # rows that are text in memory at a time
ROWS = "segments_assigned"  # the temporary table
HINTS = {  # what a person does about an error, by its code
    "42501": "grant the user of this URL SELECT, INSERT and UPDATE on the table, CREATE on its schema where there is "
    "no table yet, and TEMPORARY on the database",
    "3F000": "create the schema, or name another",
    "25006": "this database is read-only: name the primary server",
    "55P03": f"another job has been writing the table for {WAIT}",
    "54000": "a customer id is too long for the key of the table",
    "22021": "a customer id or name has a character that PostgreSQL cannot store",
    "22P05": "a customer id or name has a character that the encoding of this database does not have",
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the rows of one job share: the as-of moment on the business's wall clock, and the version of the model."""

    as_of: datetime
    model_name: str
    model_version: int


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows a job brought, and how many of them were new or differed from what the table held."""

    rows: int
    changed: int


def write_segments(assigned: Iterable[pd.DataFrame], id_type: IdType, stamp: Stamp, table: SegmentTable) -> Written:
    """Write one row a customer; the same stamp and customer again replaces the row.

    assigned : tables with the columns of `SegmentModel.assign`, and the customers' ids, each once in all, as index.

    Raises
    ------
    SourceError
        If the server cannot be reached.
    DestinationError
        If the table cannot be made or written; then it holds what it held before.
    """
    import psycopg
    from psycopg import sql

    identifier = sql.Identifier(*table.parts)
    with _plain_errors(table), connect_postgres(table.variable, table.shown) as connection:
        # a stricter level, where it is the database's own, would not see what the job wrote for which this one waited
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        connection.execute("SELECT set_config('lock_timeout', %s, true)", (WAIT,))
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"segments:{table.name}",))
        _ensure(connection, table, identifier, id_type)
        target = _in_its_schema(connection, identifier)
        rows = _copy(connection, assigned, id_type)
        changed = connection.execute(_upsert(target, stamp)).rowcount
        _commit(connection, table)
    return Written(rows, changed)


def _commit(connection: psycopg.Connection[Any], table: SegmentTable) -> None:
    """End the transaction.

    Raises
    ------
    DestinationError
        If the connection is lost meanwhile: only the server knows whether it wrote the rows.
    """
    import psycopg

    try:
        connection.commit()
    except psycopg.Error as error:
        if not connection.broken:
            raise
        raise DestinationError(
            f"{table.shown}: the connection was lost while PostgreSQL kept the rows: all of them are there, or none "
            "is. Run the command again; it changes nothing where they are there"
        ) from error


def _ensure(
    connection: psycopg.Connection[Any], table: SegmentTable, identifier: sql.Identifier, id_type: IdType
) -> None:
    """Make the table, or check the one that is there.

    Raises
    ------
    DestinationError
        If what is there has other columns, or lacks the key.
    """
    from psycopg import sql

    place = connection.execute("SELECT to_regclass(%s)::oid", (identifier.as_string(connection),)).fetchone()
    if place is None or place[0] is None:
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(identifier, sql.SQL(definition(id_type))))
        return
    columns = connection.execute(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
        "WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped",
        place,
    ).fetchall()
    wrong = differences(dict(columns), id_type)
    keys = connection.execute(
        "SELECT array_agg(attname::text) FROM pg_index "
        "JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey[0:indnkeyatts - 1]) "
        "WHERE indrelid = %s AND indisunique AND indisvalid AND indimmediate AND indpred IS NULL AND indexprs IS NULL "
        "GROUP BY indexrelid",
        place,
    ).fetchall()
    if not wrong and not any(set(names) == set(KEY) for (names,) in keys):
        wrong = [f"it has no primary key ({', '.join(KEY)})"]
    if wrong:
        raise DestinationError(
            f"{table.shown} is there already and is no table of segments: {'; '.join(wrong)}. Name another table"
        )


def _in_its_schema(connection: psycopg.Connection[Any], identifier: sql.Identifier) -> sql.Identifier:
    """The name of an existing table with its schema; without one it could name our temporary table."""
    from psycopg import sql

    names = connection.execute(
        "SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "WHERE pg_class.oid = to_regclass(%s)",
        (identifier.as_string(connection),),
    ).fetchone()
    return sql.Identifier(*(names or ()))


def _copy(connection: psycopg.Connection[Any], assigned: Iterable[pd.DataFrame], id_type: IdType) -> int:
    """The rows into a temporary table that ends with the transaction, as CSV, which Arrow writes; their number."""
    types = columns_of(id_type)
    names = ("customer_id", *ANSWER)
    columns = ", ".join(f"{name} {types[name]}" for name in names)
    connection.execute(f"CREATE TEMPORARY TABLE {ROWS} ({columns}) ON COMMIT DROP".encode())
    copied = 0
    with connection.cursor().copy(f"COPY {ROWS} ({', '.join(names)}) FROM STDIN (FORMAT csv)".encode()) as copy:
        for table in assigned:
            frame = table[list(ANSWER)].rename_axis("customer_id").reset_index()
            rows = pa.Table.from_pandas(frame, preserve_index=False)
            for batch in rows.select(list(names)).to_batches(COPIED):
                text = io.BytesIO()
                pa_csv.write_csv(batch, text, pa_csv.WriteOptions(include_header=False))
                copy.write(text.getvalue())
            copied += len(table)
    return copied


def _upsert(target: sql.Identifier, stamp: Stamp) -> sql.Composed:
    """The statement that writes the rows; without parameters, for which a % in the table's name would be taken.

    written_at : when the statement begins, which is after the lock: of two jobs the one that writes later has the later
    time, whichever began its transaction first.
    """
    from psycopg import sql

    names = ("customer_id", "as_of", "model_name", "model_version", *ANSWER, WRITTEN)
    new = ", ".join(f"excluded.{name}" for name in ANSWER)
    old = ", ".join(f"held.{name}" for name in ANSWER)
    stamped = sql.SQL(", ").join(map(sql.Literal, (stamp.as_of, stamp.model_name, stamp.model_version)))
    return sql.SQL(
        f"INSERT INTO {{}} AS held ({', '.join(names)}) "  # noqa: S608
        f"SELECT customer_id, {{}}, {', '.join(ANSWER)}, statement_timestamp() FROM {ROWS} "
        f"ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET ({', '.join(ANSWER)}, {WRITTEN}) = "
        f"ROW({new}, excluded.{WRITTEN}) WHERE ROW({old}) IS DISTINCT FROM ROW({new})"
    ).format(target, stamped)


@contextmanager
def _plain_errors(table: SegmentTable) -> Iterator[None]:
    """The driver's error as one line, with what a person does about it."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        hint = HINTS.get(error.sqlstate or "")
        raise DestinationError(
            f"{table.shown}: PostgreSQL wrote nothing: {first}{f'; {hint}' if hint else ''}"
        ) from error
