"""A table in Spark's catalogue that keeps what was written for each as-of moment, and a view for its readers.

    TABLE             the view: of each as-of moment, the rows of the version that was finished last
    TABLE_rows        the rows, a partition for each as-of moment and version
    TABLE_versions    a partition for each version that is finished, with what is said of it

Whoever adds the partition of TABLE_versions makes a version seen, and a catalogue adds a partition at once. So a driver
that is killed leaves what readers saw before, or the new rows: rows of no finished version are seen by nobody.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from features.spark.stored_rows import StoredRows
from segment_model.errors import DestinationError, SettingsError, SourceError
from segment_model.sql_text import quoted, quoted_name

AS_OF, VERSION, STORY = "as_of", "version", "story"
KEPT = 2  # versions of a moment: the present one, and the one before it for readers who are not done
PART = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True)
class CatalogueTable:
    """A table by the name that its readers use: TABLE, SCHEMA.TABLE or CATALOG.SCHEMA.TABLE."""

    parts: tuple[str, ...]

    @classmethod
    def named(cls, name: str) -> CatalogueTable:
        """The table that a person names.

        Raises
        ------
        SettingsError
            If it is no such name.
        """
        parts = tuple(name.split("."))
        if len(parts) > 3 or not all(PART.fullmatch(part) for part in parts):
            raise SettingsError(f"{name!r} names no table of a catalogue: write TABLE or SCHEMA.TABLE, of a-z, 0-9, _")
        return cls(parts)

    @property
    def shown(self) -> str:
        """The name as a person writes it."""
        return ".".join(self.parts)

    def write(self, session: Any, frame: Any, as_of: datetime | None, story: Mapping[str, Any]) -> StoredRows:
        """Write a Spark DataFrame as the newest version of a moment.

        as_of : on the wall clock of the business. story : plain JSON values that are said of the version.

        Raises
        ------
        DestinationError
            If there is no moment, or what is there is no such table or has other columns; then nothing is written.
        """
        moment = self._moment(frame.columns, as_of)
        self._ensure(session, frame.schema)
        before = [name for kept, name in self._finished(session) if kept == moment]
        version = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}_{secrets.token_hex(4)}"
        if before and before[-1] > version:
            raise DestinationError(
                f"{self.shown}: the version {before[-1]} comes from a clock that is ahead of this one's, at {version}; "
                "set the clocks of the machines that write the table"
            )
        self._add_rows(session, frame, moment, version)
        self._finish(session, moment, version, story)
        for old in before[: 1 - KEPT]:
            for kind in (self._rows, self._versions):
                session.sql(f"ALTER TABLE {kind} DROP IF EXISTS {_partition(moment, old)}")
        return StoredRows(self._of_version(session, moment, version), story, version, self.shown)

    def read(self, session: Any) -> StoredRows:
        """The version that was finished last, of whatever moment.

        Raises
        ------
        SourceError
            If there is none.
        """
        finished = self._finished(session) if session.catalog.tableExists(self._versions) else []
        if not finished:
            raise SourceError(f"{self.shown} is no table of Spark's catalogue that segments wrote")
        moment, version = max(finished, key=lambda pair: pair[1])
        story = session.table(self._versions).where(_is(moment, version)).first()[STORY]
        return StoredRows(self._of_version(session, moment, version), json.loads(story), version, self.shown)

    def _of_version(self, session: Any, moment: str, version: str) -> Any:
        return session.table(self._rows).where(_is(moment, version)).drop(AS_OF, VERSION)

    @property
    def _view(self) -> str:
        return self._named("")

    @property
    def _rows(self) -> str:
        return self._named("_rows")

    @property
    def _versions(self) -> str:
        return self._named("_versions")

    def _named(self, ending: str) -> str:
        *schema, name = self.parts
        return ".".join(quoted_name(part, "`") for part in (*schema, f"{name}{ending}"))

    def _moment(self, columns: list[str], as_of: datetime | None) -> str:
        """The moment as its partition is called."""
        if as_of is None:
            raise DestinationError(
                f"{self.shown} keeps a partition for each as-of moment, and these vectors have none: set as_of in the "
                "settings"
            )
        if taken := sorted({AS_OF, VERSION} & {*columns}):
            raise DestinationError(f"{self.shown} has a column {taken[0]} of its own: give yours another name")
        return as_of.isoformat(sep=" ")

    def _ensure(self, session: Any, schema: Any) -> None:
        """Make the tables and the view, or check those that are there."""
        types = {column.name: column.dataType.simpleString() for column in schema}
        if not session.catalog.tableExists(self._rows):
            if session.catalog.tableExists(self._view):
                raise DestinationError(f"{self.shown} is there already, and segments did not write it: name another")
            columns = ", ".join(f"{quoted_name(name, '`')} {kind}" for name, kind in types.items())
            self._make(session, self._rows, columns)
        existing = {column.name: column.dataType.simpleString() for column in session.table(self._rows).schema}
        differing = {name for name, kind in {**existing, **types}.items() if types.get(name) != existing.get(name)}
        if differing := differing - {AS_OF, VERSION}:
            listed_names = ", ".join(sorted(differing))
            raise DestinationError(f"{self.shown} is there already, and differs in {listed_names}: name another table")
        self._make(session, self._versions, f"{STORY} STRING")
        first, *others = (quoted_name(name, "`") for name in types)
        columns = ", ".join([first, f"CAST({AS_OF} AS TIMESTAMP_NTZ) AS {AS_OF}", *others, VERSION])
        last = f"SELECT {AS_OF}, MAX({VERSION}) FROM {self._versions} GROUP BY {AS_OF}"  # noqa: S608  # our names
        query = f"SELECT {columns} FROM {self._rows} WHERE ({AS_OF}, {VERSION}) IN ({last})"  # noqa: S608
        session.sql(f"CREATE VIEW IF NOT EXISTS {self._view} AS {query}")

    @staticmethod
    def _make(session: Any, name: str, columns: str) -> None:
        session.sql(
            f"CREATE TABLE IF NOT EXISTS {name} ({columns}, {AS_OF} STRING, {VERSION} STRING) USING parquet "
            f"PARTITIONED BY ({AS_OF}, {VERSION})"
        )

    def _finished(self, session: Any) -> list[tuple[str, str]]:
        """The moment and version of each partition of finished versions, the oldest first."""
        rows = session.table(self._versions).select(AS_OF, VERSION).distinct().collect()
        return sorted((row[AS_OF], row[VERSION]) for row in rows)

    def _add_rows(self, session: Any, frame: Any, moment: str, version: str) -> None:
        from pyspark.sql import functions as spark

        names = [quoted_name(name, "`") for name in session.table(self._rows).columns if name not in (AS_OF, VERSION)]
        frame.select(*names, spark.lit(moment), spark.lit(version)).write.insertInto(self._rows)

    def _finish(self, session: Any, moment: str, version: str, story: Mapping[str, Any]) -> None:
        """Make the version seen."""
        text = json.dumps(story, ensure_ascii=False)
        insert = f"INSERT INTO {self._versions} {_partition(moment, version)} VALUES (:story)"  # noqa: S608  # our names
        session.sql(insert, args={"story": text})


def _partition(moment: str, version: str) -> str:
    return f"PARTITION ({AS_OF} = {quoted(moment)}, {VERSION} = {quoted(version)})"


def _is(moment: str, version: str) -> str:
    return f"{AS_OF} = {quoted(moment)} AND {VERSION} = {quoted(version)}"
