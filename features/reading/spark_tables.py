"""Reads files and tables of a catalogue by Spark, as Ibis tables with the user's column names.

Parquet has types; CSV is text, which the contract casts, as everywhere. A path with a scheme, such as
s3a://shop/orders/, is Spark's to find; any other counts from the folder of the settings file and must be visible to
every worker.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.common.exceptions import IbisError

from features.expressions.spark_compiler import SparkCompiler
from features.notices import Notice
from features.reading.copies import notices_of_copies
from features.reading.csv_files.csv_file import dialect_notices, refuse_differences
from features.reading.csv_files.in_spark import SparkCsv, frame_as_it_is, settle_for_spark, settled_frame
from features.reading.csv_files.total_row import check_last_row
from features.reading.file_list import FileKind, kind_of, list_files, refuse_other_settings, shown_path
from features.reading.parquet_files import NANOSECONDS, check_parquet, has_rows
from features.reading.remote_files import copy_here, remote_files
from features.reading.scratch import ScratchFolder
from features.reading.spark_session import ZONE, address_to_read, literal_address
from features.source_settings import TableSource
from segment_model.errors import SourceError
from segment_model.sql_text import quoted_name

SCHEME = "://"
UNREAD = ("time32", "time64", "halffloat")  # Arrow types of Parquet columns
READ = "engine: spark reads .parquet, .csv, .tsv and .csv.gz files and tables of its catalogue"


class SparkTables:
    """The tables that one build reads in a Spark session; `close` gives back what it holds there.

    Parameters
    ----------
    session
        A Spark session.
    base
        The folder that relative file names count from.
    """

    def __init__(self, session: Any, base: Path) -> None:
        self._session, self._base = session, base.resolve()
        session.conf.set("spark.sql.legacy.parquet.nanosAsLong", "true")  # else a file with nanoseconds is refused
        session.conf.set("spark.sql.legacy.javaCharsets", "true")  # else all but UTF and latin-1 are
        self.backend = ibis.pyspark.connect(session, **{ZONE: session.conf.get(ZONE)})
        self.backend.compiler = SparkCompiler()
        self._prefix = f"segments_{secrets.token_hex(4)}"
        self._views: list[str] = []
        self._of_text: set[str] = set()
        self._kept: list[Any] = []
        self.notices: list[Notice] = []

    def open(self, source: TableSource, name: str) -> ir.Table:
        """The table as it is, with the user's column names.

        Raises
        ------
        SourceError
            If a file is absent or of no kind that Spark reads here, or the source is another database.
        """
        if source.spark_table is not None:
            return self._view(_of_known_types(self._session.table(source.spark_table)))
        if source.file is None:
            raise SourceError(f"{name}: {READ}, not another database; write the table as Parquet first")
        kind, files = self._files(source.file, name)
        refuse_other_settings(source, kind, name)
        if kind is FileKind.CSV:
            return self._csv(source, files, name)
        if kind is not FileKind.PARQUET:
            raise SourceError(f"{name}: {READ}; {source.file} is {kind}: write it as Parquet first")
        local = {file: shown_path(file, self._base) for file in files if isinstance(file, Path)}
        types = check_parquet([*local], [f"{name}: {label}" for label in local.values()])
        self.notices += notices_of_copies(local, has_rows, name)
        if unread := next((column for column, kind in types.items() if any(part in kind for part in UNREAD)), None):
            raise SourceError(
                f"{name}: {source.file} has the column {unread!r} of {types[unread]}, which Spark does not read: write "
                "it as text or another number, or leave it out of the file"
            )
        return self._view(_cut_to_microseconds(self._session.read.parquet(*_addresses(files)), types))

    def keep(self, table: ir.Table) -> ir.Table:
        """The table computed once and held by the workers, if it comes from text; else an expression, as it is."""
        if not {node.name for node in table.op().find(ops.DatabaseTable)} & self._of_text:
            return table
        return self.hold(table)

    def hold(self, table: ir.Table) -> ir.Table:
        """The table computed once and held by the workers, in memory and on their disks."""
        return self.hold_frame(self.frame(table))

    def hold_frame(self, frame: Any) -> ir.Table:
        """A Spark DataFrame computed once and held by the workers, as a table."""
        from pyspark import StorageLevel

        held = frame.persist(StorageLevel.MEMORY_AND_DISK)
        self._kept.append(held)
        return self._view(held)

    def frame(self, table: ir.Table) -> Any:
        """The Spark DataFrame of an expression; nothing is computed yet."""
        return self._session.sql(str(self.backend.compile(table)))

    def close(self) -> None:
        """Drop the views, and what the workers hold."""
        for frame in self._kept:
            frame.unpersist()
        for view in self._views:
            self._session.catalog.dropTempView(view)
        self._kept.clear()
        self._views.clear()

    def _view(self, frame: Any) -> ir.Table:
        name = f"{self._prefix}_{len(self._views)}"
        frame.createOrReplaceTempView(name)
        self._views.append(name)
        return self.backend.table(name)

    def _files(self, file: str, name: str) -> tuple[FileKind, Sequence[str | Path]]:
        """The kind and the files of a source: paths, or an address that Spark finds."""
        if SCHEME in file:
            shown = file.rstrip("/")
            is_folder = "." not in shown.rpartition("/")[2]
            return (FileKind.PARQUET if is_folder else kind_of(Path(shown), file, name)), [file]
        files = list_files(self._base, file, name)
        return files.kind, files.paths

    def _csv(self, source: TableSource, files: Sequence[str | Path], name: str) -> ir.Table:
        """The text of CSV files, each settled before; packed and remote ones by a copy that lasts as long as that.

        Raises
        ------
        SourceError
            If a file is no text, its names do not stand in the first line, or its columns are not those of others.
        """
        if source.header_line is not None:
            raise SourceError(f"{name}: Spark reads files whose first line holds the names: delete the lines above it")
        remote = [file for file in files if isinstance(file, str)]
        if remote and source.encoding is not None and source.delimiter is not None:
            text = f"{source.file} is not looked at, as encoding and delimiter are set: its last row may be a total"
            self.notices.append(Notice(name, text))
            frame = frame_as_it_is(self._session, remote, source.delimiter, source.encoding)
        else:
            with ScratchFolder() as scratch:
                frame = settled_frame(self._session, self._settled(source, files, name, scratch))
        table = self._view(frame)
        self._of_text.add(table.op().name)
        return table

    def _settled(
        self, source: TableSource, files: Sequence[str | Path], name: str, scratch: ScratchFolder
    ) -> list[SparkCsv]:
        labels: dict[Path, str] = {}
        settled: list[SparkCsv] = []
        for file in files:
            for path, label, address in self._here(file, name, scratch):
                labels[path] = label
                settled.append(SparkCsv(address, settle_for_spark(path, f"{name}: {label}", source, scratch)))
        csv_files = [file.settled for file in settled]
        refuse_differences(csv_files)
        self.notices += dialect_notices(csv_files, str(source.file), name)
        self.notices += [notice for file in csv_files if (notice := check_last_row(file, source, name))]
        filled = {path: bool(file.dialect.first_rows) for path, file in zip(labels, csv_files, strict=True)}
        self.notices += notices_of_copies(labels, filled.__getitem__, name)
        return settled

    def _here(self, file: str | Path, name: str, scratch: ScratchFolder) -> Iterator[tuple[Path, str, str]]:
        """Where each file can be looked at, how messages call it, and the address by which Spark reads it."""
        if isinstance(file, Path):
            yield file, shown_path(file, self._base), address_to_read(file)
            return
        for address in remote_files(self._session, file, name):
            copy = scratch.new(PurePosixPath(address).suffix)
            copy_here(self._session, address, copy)
            yield copy, address, literal_address(address)


def _addresses(files: Sequence[str | Path]) -> list[str]:
    return [file if isinstance(file, str) else address_to_read(file) for file in files]


def _of_known_types(frame: Any) -> Any:
    """The table with values that no other engine has, such as years and months of an interval, as Spark writes them."""
    from pyspark.sql import functions as spark

    texts = {
        field.name: spark.col(quoted_name(field.name, "`")).cast("string")
        for field in frame.schema
        if not _is_known(field.dataType)
    }
    return frame.withColumns(texts) if texts else frame


def _is_known(dtype: Any) -> bool:
    from ibis.backends.pyspark.datatypes import PySparkType  # imports pyspark

    try:
        PySparkType.to_ibis(dtype)
    except (NotImplementedError, IbisError):  # of a type that it lacks Ibis says so by either
        return False
    return True


def _cut_to_microseconds(frame: Any, types: Mapping[str, str]) -> Any:
    """Moments with nanoseconds, which Spark reads as whole numbers, cut to microseconds.

    types : the Arrow types of the columns, by name.
    """
    from pyspark.sql import functions as spark

    cut = {}
    for name, kind in types.items():
        if kind.startswith(NANOSECONDS):
            number = quoted_name(name, "`")
            micros = f"(({number} - pmod({number}, 1000)) div 1000)"
            cut[name] = spark.expr(
                f"timestamp_micros({micros})"
                if "tz=" in kind
                else "timestamp_ntz'1970-01-01' + "
                f"make_dt_interval(0, 0, 0, CAST(CAST({micros} AS DECIMAL(20, 0)) / 1000000 AS DECIMAL(18, 6)))"
            )
    return frame.withColumns(cut) if cut else frame
