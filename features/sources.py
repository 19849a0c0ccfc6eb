"""Opens the user's tables through Ibis, in DuckDB, PostgreSQL or Spark.

Files are read by an embedded DuckDB, or by the Spark that the settings name; databases are opened read-only; a
PostgreSQL URL comes from the environment and is never printed. Every engine runs in the business's time zone, so that
a cast from an instant to the wall clock means the same everywhere.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
from ibis.common.exceptions import IbisError, TableNotFound

from features.expressions.engine import with_rows
from features.notices import Notice
from features.reading.file_tables import FileTables
from features.reading.kept_table import keep_once
from features.reading.postgres import connect_postgres, no_connection
from features.reading.scratch import ScratchFolder
from features.reading.spark_session import spark_cause, spark_errors
from features.reading.spark_tables import SparkTables
from features.source_settings import TableSource
from segment_model.errors import SourceError, nearest_word
from segment_model.sql_text import quoted

OPEN_SCHEMAS = ("main", "public")  # their tables need no schema before the name
MOST_LISTED = 20  # tables in a message
EMBEDDED = "files"  # the place of the engine that reads files
NO_COMPRESSION = "PRAGMA force_compression = 'uncompressed'"  # it is read a few times and then deleted
PROGRESS_BAR = "enable_progress_bar"  # it would write into our output
MEMORY = "50%"  # of the machine's, for the embedded engine; beyond it, it uses its temporary folder
MEMORY_VARIABLE = "SEGMENTS_ENGINE_MEMORY"  # another limit, such as 2GB: it belongs to the machine, not to the settings


class Engines:
    """The connections of one build, one for each place; a context manager that closes them.

    Parameters
    ----------
    base
        The folder that relative file names count from: the one of the settings file.
    time_zone
        The zone in which every engine converts instants to days.
    spark
        Reads the tables instead, if it is not None.
    """

    def __init__(self, base: Path, time_zone: str, spark: SparkTables | None = None) -> None:
        self._base, self._spark = base, spark
        self._time_zone = time_zone
        self._opened: dict[str, Any] = {}
        self._scratch = ScratchFolder()
        self._files = FileTables(base, self._scratch)
        self._made = 0  # views and tables in the embedded engine
        self._of_files: set[str] = set()  # views of files, and tables that were kept of them
        self._of_text: set[str] = set()  # views that parse text whenever they are read

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was assumed of the tables opened so far."""
        of_spark = () if self._spark is None else self._spark.notices
        return tuple(dict.fromkeys((*self._files.notices, *of_spark)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            fault = self._files.fault() if _is_refused_by_duckdb(error) else None
        finally:
            for backend in self._opened.values():
                backend.con.close()
            if self._spark is not None:
                self._spark.close()
            self._opened.clear()
            self._scratch.close()
        if fault is not None:
            raise SourceError(fault) from error

    def open_typed(self, source: TableSource, name: str) -> ir.Table:
        """The table as `open` has it, where columns of a CSV file that are plain throughout have their types.

        If a later row is not plain, computing fails, and `reads_as_text` tells that opening it again will do.

        Raises
        ------
        SourceError
            If the file, database or table is absent or cannot be read.
        """
        if source.file is None or self._spark is not None:
            return self.open(source, name)
        return self._file(source, name, typed=True)

    def reads_as_text(self, error: SourceError) -> bool:
        """Whether the error is that a column is not plain throughout; then `open_typed` has it as text from now on."""
        return self._files.leaves_plain(str(error.__cause__))

    def open(self, source: TableSource, name: str) -> ir.Table:
        """The table as it is, with the user's column names.

        Raises
        ------
        SourceError
            If the file, database or table is absent or cannot be read.
        """
        if self._spark is not None:
            with plain_errors(f"{name}: Spark cannot read {source.file or source.spark_table}"):
                return self._spark.open(source, name)
        if source.file is not None:
            return self._file(source, name)
        if source.spark_table is not None:
            raise SourceError(f"{name}: `spark_table` needs `engine: {{spark: MASTER}}`, such as local[2]")
        if source.duckdb is not None:
            path = self._path(source.duckdb, name)
            backend = self._backend(f"duckdb:{path}", lambda: self._duckdb(path, name))
        else:
            variable = str(source.postgres)
            backend = self._backend(f"postgres:{variable}", lambda: self._postgres(variable, name))
        schema, _, table = str(source.table).rpartition(".")
        with plain_errors(f"{name}: cannot read the table {source.table!r}"):
            try:
                return backend.table(table, database=schema or None)
            except TableNotFound as error:
                raise SourceError(f"{name}: {_no_such_table(backend, str(source.table))}") from error

    def keep(self, table: ir.Table) -> ir.Table:
        """The table computed once, if it comes from files of text; else an expression, as it is.

        Ids that are whole numbers throughout, written without leading zeros, become integers, which engines group
        faster.

        Raises
        ------
        SourceError
            If the engine cannot compute it.
        """
        if self._spark is not None:
            with plain_errors("Spark cannot read the files"):
                return self._spark.keep(table)
        if not self._names(table) & self._of_text:
            return table
        return self.keep_files(table)

    def keep_files(self, table: ir.Table) -> ir.Table:
        """The table computed once, as `keep` does, if it comes from files of any kind; else an expression, as it is.

        Raises
        ------
        SourceError
            If the engine cannot compute it.
        """
        if self._spark is not None:
            return self.keep(table)
        if not self._names(table) & self._of_files:
            return table
        backend = self._opened[EMBEDDED]
        columns = {name: bool(table[name].type().is_string()) for name in table.columns}
        self._made += 1
        with plain_errors("the files cannot be read"):
            keep_once(backend.con, f"segments_{self._made}", str(backend.compile(table)), columns)
            self._of_files.add(f"segments_{self._made}")
            return backend.table(f"segments_{self._made}")

    @staticmethod
    def _names(table: ir.Table) -> set[str]:
        return {node.name for node in table.op().find(ops.DatabaseTable)}

    def _file(self, source: TableSource, name: str, typed: bool = False) -> ir.Table:
        query, is_text = self._files.query(source, name, typed)
        backend = self._backend(EMBEDDED, lambda: self._embedded(name))
        self._made += 1
        view = f"segments_{self._made}"
        self._of_files.add(view)
        if is_text:
            self._of_text.add(view)
        with plain_errors(f"{name}: cannot read {source.file}"):
            backend.con.execute(f"CREATE VIEW {view} AS {query}").fetchall()
            return backend.table(view)

    def _path(self, file: str, name: str) -> Path:
        path = self._base / file
        if not path.exists():
            folder = path.parent.resolve()
            raise SourceError(f"{name}: there is no {path.name} in {folder}; paths are relative to the settings file")
        return path

    def _backend(self, place: str, connect: Callable[[], Any]) -> Any:
        if place not in self._opened:
            self._opened[place] = connect()
        return self._opened[place]

    def _embedded(self, name: str) -> Any:
        """A DuckDB in a temporary file, so that what it keeps need not fit into memory."""
        memory = os.environ.get(MEMORY_VARIABLE) or MEMORY
        limited = "" if memory == MEMORY else f" with {MEMORY_VARIABLE}={memory}"
        with plain_errors(f"{name}: cannot open the embedded DuckDB in a temporary folder{limited}"):
            path = self._scratch.new(".duckdb")
            config: dict[str, str | bool | int | float | list[str]] = {
                "temp_directory": str(path.parent),
                "memory_limit": memory,
            }
            connection = duckdb.connect(str(path), config=config)
            connection.execute(NO_COMPRESSION).fetchall()
            # in a notebook without ipywidgets there is no bar, and any change of the setting is refused
            if (shows := connection.execute(f"SELECT current_setting('{PROGRESS_BAR}')").fetchone()) and shows[0]:
                connection.execute(f"SET {PROGRESS_BAR} = false").fetchall()
            return self._in_time_zone(connection)

    def _duckdb(self, path: Path, name: str) -> Any:
        with plain_errors(f"{name}: cannot open {path}"):
            return self._in_time_zone(duckdb.connect(str(path), read_only=True))

    def _in_time_zone(self, connection: duckdb.DuckDBPyConnection) -> Any:
        backend = ibis.duckdb.from_connection(connection)
        connection.execute(f"SET TimeZone = {quoted(self._time_zone)}").fetchall()
        return backend

    def _postgres(self, variable: str, name: str) -> Any:
        connection = connect_postgres(variable, name, autocommit=True)
        import psycopg
        from psycopg.types.numeric import FloatLoader

        try:
            # PostgreSQL's constants are exact numerics; Ibis has declared a double
            connection.adapters.register_loader("numeric", FloatLoader)
            backend = ibis.postgres.from_connection(connection)
            connection.execute("SELECT set_config('TimeZone', %s, false)", (self._time_zone,))
            connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        except psycopg.Error as error:
            connection.close()
            raise no_connection(error, variable, name) from None
        return backend


def fetch(expression: ir.Table, what: str) -> pa.Table:
    """Compute an expression in its engine; only its result comes to Python.

    Raises
    ------
    SourceError
        If the engine fails; the message begins with `what`.
    """
    expression = with_rows(expression)
    with plain_errors(f"{what}: the engine could not compute it"):
        backend = ibis.get_backend(expression)
        if backend.name == "pyspark":  # Ibis fetches by pandas there, which loses time zones
            return backend.raw_sql(backend.compile(expression)).toArrow()
        return expression.to_pyarrow()


@contextmanager
def plain_errors(what: str) -> Iterator[None]:
    """Raise an engine's error as a SourceError with its first line, after `what`."""
    with warnings.catch_warnings():
        # Ibis 12 still calls the old name in DuckDB 2
        warnings.filterwarnings("ignore", message="fetch_arrow_table", category=DeprecationWarning)
        try:
            yield
        except _engine_errors() as error:
            cause = spark_cause(error) if isinstance(error, spark_errors()) else _first_line(error)
            raise SourceError(f"{what}: {cause}") from error


def _first_line(error: Exception) -> str:
    """The first line of an error's text, or the name of its class."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _no_such_table(backend: Any, table: str) -> str:
    """That a table is not there, and which are."""
    rows = backend.con.execute(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY 1, 2"
    ).fetchall()
    names = [name if schema in OPEN_SCHEMAS else f"{schema}.{name}" for schema, name in rows]
    listed = ", ".join(names[:MOST_LISTED]) + (", ..." if len(names) > MOST_LISTED else "")
    near = nearest_word(table, names)
    return f"there is no table {table!r}.{near} There {f'are {listed}' if names else 'is none that this user may read'}"


def _is_refused_by_duckdb(error: BaseException | None) -> bool:
    return isinstance(error, SourceError) and isinstance(error.__cause__, duckdb.Error)


def _engine_errors() -> tuple[type[Exception], ...]:
    """The errors of all engines; PostgreSQL's driver is imported on first use, since most builds do not use it."""
    import psycopg

    return (duckdb.Error, psycopg.Error, IbisError, pa.ArrowException, OSError, *spark_errors())
