"""Reads files and tables of a catalogue by Spark, as Ibis tables with the user's column names.

Parquet has types; CSV is text, which the contract casts, as everywhere. A path with a scheme, such as
s3a://shop/orders/, is Spark's to find; any other counts from the folder of the settings file and must be visible to
every worker.
"""

from __future__ import annotations

import codecs
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from features.expressions.spark_compiler import SparkCompiler
from features.notices import Notice
from features.reading.csv_files.csv_file import CsvFile, dialect_notices
from features.reading.csv_files.dialect import settle_dialect
from features.reading.csv_files.total_row import check_last_row
from features.reading.file_list import FileKind, kind_of, list_files
from features.reading.parquet_files import NANOSECONDS, check_parquet
from features.reading.spark_session import ZONE
from features.reading.text_files.encodings import UTF_8, Encoding
from features.source_settings import TableSource
from segment_model.errors import SourceError
from segment_model.sql_text import quoted_name

SCHEME = "://"
WIDE = ("utf-16", "utf-32")  # codecs whose bytes show no line
READ = "engine: spark reads .parquet, .csv, .tsv and .csv.gz files and tables of its catalogue"
CSV_OPTIONS = {  # as the embedded engine reads CSV: quotes double, nothing is trimmed, a wrong row is an error
    "header": "true",
    "quote": '"',
    "escape": '"',
    "multiLine": "true",
    "mode": "FAILFAST",
    "enforceSchema": "false",
    "unescapedQuoteHandling": "RAISE_ERROR",
    "ignoreLeadingWhiteSpace": "false",
    "ignoreTrailingWhiteSpace": "false",
}


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
            return self._view(self._session.table(source.spark_table))
        if source.file is None:
            raise SourceError(f"{name}: {READ}, not another database; write the table as Parquet first")
        kind, files = self._files(source.file, name)
        paths = [file if isinstance(file, str) else file.as_uri() for file in files]
        if kind is FileKind.CSV:
            settled = self._settled(source, [file for file in files if isinstance(file, Path)], name)
            return self._csv(source, paths, settled, name)
        if kind is not FileKind.PARQUET:
            raise SourceError(f"{name}: {READ}; {source.file} is {kind}: write it as Parquet first")
        local = [file for file in files if isinstance(file, Path)]
        types = check_parquet(local, [f"{name}: {path.name}" for path in local])
        return self._view(_cut_to_microseconds(self._session.read.parquet(*paths), types))

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

    def _csv(self, source: TableSource, paths: Sequence[str], settled: Sequence[CsvFile], name: str) -> ir.Table:
        """settled : those of the files that were looked at, before Spark reads them all."""
        self.notices += dialect_notices(settled, str(source.file), name)
        self.notices += [notice for file in settled if (notice := check_last_row(file, source, name))]
        by_ending = "\t" if ".tsv" in str(source.file).lower() else ","
        delimiter = source.delimiter or (settled[0].dialect.delimiter if settled else by_ending)
        options = {**CSV_OPTIONS, "sep": delimiter, "encoding": source.encoding or "UTF-8"}
        header = self._session.read.options(**options).csv(list(paths)).columns
        schema = ", ".join(f"{quoted_name(column, '`')} STRING" for column in header)
        table = self._view(self._session.read.options(**options).schema(schema).csv(list(paths)))
        self._of_text.add(table.op().name)
        return table

    def _settled(self, source: TableSource, files: Sequence[Path], name: str) -> list[CsvFile]:
        """The files that are seen from here and are neither packed nor in two bytes a letter, with their dialects.

        Raises
        ------
        SourceError
            If the names of the columns do not stand in the first line, or no dialect fits.
        """
        if source.header_line is not None:
            raise SourceError(f"{name}: Spark reads files whose first line holds the names: delete the lines above it")
        encoding = Encoding(codecs.lookup(source.encoding or UTF_8).name)
        settled = []
        for path in files:
            if path.suffix.lower() == ".gz" or encoding.codec.startswith(WIDE):
                continue
            shown = f"{name}: {path.relative_to(self._base) if path.is_relative_to(self._base) else path}"
            dialect = settle_dialect(path, shown, "\n", source.delimiter)
            if dialect.skipped:
                raise SourceError(f"{shown} begins with a line that names its delimiter: remove it, for Spark")
            settled.append(CsvFile(shown, path, encoding, dialect))
        return settled


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
