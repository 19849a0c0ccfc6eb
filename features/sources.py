"""Opens the user's tables through Ibis, in DuckDB or PostgreSQL.

Files are read by an embedded DuckDB; databases are opened read-only; a PostgreSQL URL comes from the environment
and is never printed. Every engine runs in the business's time zone, so that a cast from an instant to the wall clock
means the same everywhere.
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
import ibis.expr.types as ir
import pyarrow as pa
from ibis.common.exceptions import IbisError, TableNotFound

from features.notices import Notice
from features.source_settings import TableSource
from segment_model.errors import SourceError

CONNECT_SECONDS = 10


class Engines:
    """The connections of one build, one for each place; a context manager that closes them.

    Parameters
    ----------
    base
        The folder that relative file names count from: the one of the settings file.
    time_zone
        The zone in which every engine converts instants to days.
    """

    def __init__(self, base: Path, time_zone: str) -> None:
        self._base = base
        self._time_zone = time_zone
        self._opened: dict[str, Any] = {}
        self._notices: list[Notice] = []

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was assumed of the tables opened so far."""
        return tuple(self._notices)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for backend in self._opened.values():
            backend.con.close()
        self._opened.clear()

    def open(self, source: TableSource, name: str) -> ir.Table:
        """The table as it is, with the user's column names.

        Raises
        ------
        SourceError
            If the file, database or table is absent or cannot be read.
        """
        if source.file is not None:
            return self._file(source.file, name)
        if source.duckdb is not None:
            path = self._path(source.duckdb, name)
            backend = self._backend(f"duckdb:{path}", lambda: self._duckdb(path, name))
        else:
            variable = str(source.postgres)
            backend = self._backend(f"postgres:{variable}", lambda: self._postgres(variable, name))
        schema, _, table = str(source.table).rpartition(".")
        with _plain_errors(f"{name}: cannot read the table {source.table!r}"):
            return backend.table(table, database=schema or None)

    def _file(self, file: str, name: str) -> ir.Table:
        backend = self._backend("memory", lambda: self._duckdb(None, name))
        pattern = self._base / file
        if pattern.is_dir():
            pattern = pattern / "**" / "*.parquet"
        if not any(letter in file for letter in "*?["):
            self._path(file, name, "; .parquet and .csv are read")
        with _plain_errors(f"{name}: cannot read {file}"):
            if pattern.suffix == ".parquet":
                return backend.read_parquet(str(pattern))
            if pattern.suffix == ".csv":
                # as text: a guessed type would turn the customer "00123" into 123
                return backend.read_csv(str(pattern), all_varchar=True, header=True)
        raise SourceError(f"{name}: {file} must end in .parquet or .csv, or be a folder of Parquet files")

    def _path(self, file: str, name: str, read: str = "") -> Path:
        path = self._base / file
        if not path.exists():
            folder = path.parent.resolve()
            raise SourceError(
                f"{name}: there is no {path.name} in {folder}; file names count from the settings file{read}"
            )
        return path

    def _backend(self, place: str, connect: Callable[[], Any]) -> Any:
        if place not in self._opened:
            self._opened[place] = connect()
        return self._opened[place]

    def _duckdb(self, path: Path | None, name: str) -> Any:
        with _plain_errors(f"{name}: cannot open {path or 'the embedded DuckDB'}"):
            connection = duckdb.connect(str(path), read_only=True) if path else duckdb.connect()
            backend = ibis.duckdb.from_connection(connection)
            connection.execute(f"SET TimeZone = '{self._time_zone}'").fetchall()
            return backend

    def _postgres(self, variable: str, name: str) -> Any:
        url = os.environ.get(variable)
        if not url:
            raise SourceError(
                f"{name}: the environment variable {variable} must hold the PostgreSQL URL; it is not set"
            )
        import psycopg
        from psycopg.types.numeric import FloatLoader

        try:
            connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
            # PostgreSQL's constants are exact numerics; Ibis has declared a double
            connection.adapters.register_loader("numeric", FloatLoader)
            backend = ibis.postgres.from_connection(connection)
            connection.execute("SELECT set_config('TimeZone', %s, false)", (self._time_zone,))
            connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        except psycopg.Error as error:
            # the driver's message may repeat the URL, so only its type is shown
            kind = type(error).__name__
            raise SourceError(
                f"{name}: cannot connect to the PostgreSQL that {variable} names ({kind}): is it running, and are "
                "address, user and password right?"
            ) from None
        return backend


def fetch(expression: ir.Table, what: str) -> pa.Table:
    """Compute an expression in its engine; only its result comes to Python.

    Raises
    ------
    SourceError
        If the engine fails; the message begins with `what`.
    """
    with _plain_errors(f"{what}: the engine could not compute it"):
        return expression.to_pyarrow()


@contextmanager
def _plain_errors(what: str) -> Iterator[None]:
    """Raise an engine's error as a SourceError with its first line."""
    with warnings.catch_warnings():
        # Ibis 12 still calls the old name in DuckDB 2
        warnings.filterwarnings("ignore", message="fetch_arrow_table", category=DeprecationWarning)
        try:
            yield
        except TableNotFound as error:
            raise SourceError(f"{what}: there is no such table") from error
        except _engine_errors() as error:
            lines = str(error).strip().splitlines()
            raise SourceError(f"{what}: {lines[0] if lines else type(error).__name__}") from error


def _engine_errors() -> tuple[type[Exception], ...]:
    """The errors of all engines; PostgreSQL's driver is imported on first use, since most builds do not use it."""
    import psycopg

    return (duckdb.Error, psycopg.Error, IbisError, pa.ArrowException, OSError)
