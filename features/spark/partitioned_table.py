"""A table of Spark's catalogue whose rows lie by as-of moment and version, each partition written by itself.

A partition is first written as a folder of its own and then added to the catalogue. Spark's INSERT is not used: its
writers leave their files in one folder of the table, and whichever job ends first deletes that folder with the files
that another is still writing, whose rows are then lost without an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from features.reading.spark_session import spark_errors
from segment_model.errors import SourceError
from segment_model.sql_text import quoted, quoted_name

AS_OF, VERSION = "as_of", "version"
LOCATION = "Location"  # a line of Spark's description of a table


@dataclass(frozen=True)
class PartitionedTable:
    """A table by its name in SQL, each part of which is quoted."""

    name: str

    def exists(self, session: Any) -> bool:
        """Whether the catalogue has it."""
        return bool(session.catalog.tableExists(self.name))

    def make(self, session: Any, types: Mapping[str, str]) -> None:
        """Make it with these columns, in Spark's types, unless it is there."""
        columns = ", ".join(f"{quoted_name(name, '`')} {kind}" for name, kind in types.items())
        make_once(
            session,
            self.name,
            f"CREATE TABLE IF NOT EXISTS {self.name} ({columns}, {AS_OF} STRING, {VERSION} STRING) USING parquet "
            f"PARTITIONED BY ({AS_OF}, {VERSION})",
        )

    def types(self, session: Any) -> dict[str, str]:
        """Its columns but those of the partition, in order, and their types."""
        columns = {column.name: column.dataType.simpleString() for column in session.table(self.name).schema}
        return {name: kind for name, kind in columns.items() if name not in (AS_OF, VERSION)}

    def partitions(self, session: Any) -> list[tuple[str, str]]:
        """The moment and version of each partition, the oldest first; by the catalogue alone, no file is read."""
        rows = session.sql(f"SHOW PARTITIONS {self.name}").collect()
        pairs = ([unquote(part.partition("=")[2]) for part in row[0].split("/")] for row in rows)
        return sorted((moment, version) for moment, version in pairs)

    def add(self, session: Any, frame: Any, moment: str, version: str) -> None:
        """Write a Spark DataFrame of the table's columns as a new partition, seen once all of it is written."""
        folder = f"{self._folder(session)}/{AS_OF}={moment.replace(':', '%3A')}/{VERSION}={version}"
        frame.select(*(quoted_name(name, "`") for name in self.types(session))).write.parquet(folder)
        session.sql(f"ALTER TABLE {self.name} ADD {partition(moment, version)} LOCATION {_text(folder)}")

    def drop(self, session: Any, moment: str, version: str) -> None:
        """Drop a partition and its files, unless it is gone."""
        try:
            session.sql(f"ALTER TABLE {self.name} DROP IF EXISTS {partition(moment, version)}")
        except spark_errors():
            if (moment, version) in self.partitions(session):  # else another job has dropped it in the same moment
                raise

    def rows(self, session: Any, moment: str, version: str) -> Any:
        """The Spark DataFrame of a partition, without the columns that name it."""
        chosen = f"{AS_OF} = {quoted(moment)} AND {VERSION} = {quoted(version)}"
        return session.table(self.name).where(chosen).drop(AS_OF, VERSION)

    def _folder(self, session: Any) -> str:
        lines = session.sql(f"DESCRIBE TABLE EXTENDED {self.name}").collect()
        places = [line["data_type"] for line in lines if line["col_name"] == LOCATION]
        if not places:
            raise SourceError(f"Spark's catalogue does not say where the files of {self.name} lie")
        return str(places[-1]).rstrip("/")  # a column of the table may be called so too, and comes first


def make_once(session: Any, name: str, statement: str) -> None:
    """Run a statement that makes a table or view, unless another job makes it in the same moment."""
    try:
        session.sql(statement)
    except spark_errors():
        if not session.catalog.tableExists(name):
            raise


def partition(moment: str, version: str) -> str:
    """A partition, as Spark's statements name it."""
    return f"PARTITION ({AS_OF} = {quoted(moment)}, {VERSION} = {quoted(version)})"


def _text(text: str) -> str:
    """A text as a literal of Spark, whose escape is the backslash."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
