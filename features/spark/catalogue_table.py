"""A table in Spark's catalogue that keeps what was written for each as-of moment, and a view for its readers.

    TABLE             the view: of each as-of moment, the rows of the greatest version that is finished
    TABLE_rows        the rows, a partition for each as-of moment and version
    TABLE_versions    a partition for each version that is finished, with what is said of it

Whoever adds the partition of TABLE_versions makes a version seen, and a catalogue adds a partition at once. So a driver
that is killed leaves what readers saw before, or the new rows: rows of no finished version are seen by nobody.

Jobs may write at once. A version is greater the later its job began, so that two jobs for one moment have an order
whichever of them ends first. The one that began first is refused where the other has ended before it.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from features.spark.partitioned_table import AS_OF, VERSION, PartitionedTable, make_once
from features.spark.stored_rows import StoredRows
from segment_model.errors import DestinationError, SettingsError, SourceError
from segment_model.sql_text import quoted_name

STORY = "story"
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
    def in_catalogue(self) -> bool:
        """It is a table of the catalogue."""
        return True

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
            If there is no moment, or what is there is no such table or has other columns; then nothing is written. If
            another job, which began later, has finished its version of the moment; then readers see that one.
        """
        moment = self._moment(frame.columns, as_of)
        self._ensure(session, frame.schema)
        before = self._finished_of(session, moment)
        version = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}_{secrets.token_hex(4)}"
        if before and before[-1] > version:
            raise DestinationError(
                f"{self.shown}: the version {before[-1]} comes from a clock that is ahead of this one's, at {version}; "
                "set the clocks of the machines that write the table"
            )
        self._rows.add(session, frame, moment, version)
        text = json.dumps(story, ensure_ascii=False)
        description = session.sql(f"SELECT CAST(:{STORY} AS STRING) AS {STORY}", args={STORY: text})
        self._versions.add(session, description, moment, version)
        last = self._finished_of(session, moment)[-1]
        if last != version:
            raise DestinationError(
                f"{self.shown}: another job, which began later, has finished version {last} of {moment}; readers see "
                "its rows, and not those of this job"
            )
        for old in before[: 1 - KEPT]:
            self._rows.drop(session, moment, old)
            self._versions.drop(session, moment, old)
        return StoredRows(self._rows.rows(session, moment, version), story, version, self.shown)

    def read(self, session: Any) -> StoredRows:
        """The greatest finished version, of whatever moment.

        Raises
        ------
        SourceError
            If there is none.
        """
        finished = self._versions.partitions(session) if self._versions.exists(session) else []
        if not finished:
            raise SourceError(
                f"{self.shown} is no table of Spark's catalogue that segments wrote; write it by `--to spark`"
            )
        moment, version = max(finished, key=lambda pair: pair[1])
        story = json.loads(self._versions.rows(session, moment, version).first()[STORY])
        return StoredRows(self._rows.rows(session, moment, version), story, version, self.shown)

    @property
    def _view(self) -> str:
        return self._named("")

    @property
    def _rows(self) -> PartitionedTable:
        return PartitionedTable(self._named("_rows"))

    @property
    def _versions(self) -> PartitionedTable:
        return PartitionedTable(self._named("_versions"))

    def _named(self, ending: str) -> str:
        *schema, name = self.parts
        return ".".join(quoted_name(part, "`") for part in (*schema, f"{name}{ending}"))

    def _finished_of(self, session: Any, moment: str) -> list[str]:
        """The finished versions of a moment, the one that began first before the others."""
        return [version for own, version in self._versions.partitions(session) if own == moment]

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
        # the view is looked for first: a job that makes all three in this moment makes it last
        if session.catalog.tableExists(self._view) and not self._rows.exists(session):
            raise DestinationError(f"{self.shown} is there already, and segments did not write it: name another")
        self._rows.make(session, types)
        existing = self._rows.types(session)
        if differing := {name for name, kind in {**existing, **types}.items() if types.get(name) != existing.get(name)}:
            listed_names = ", ".join(sorted(differing))
            raise DestinationError(f"{self.shown} is there already, and differs in {listed_names}: name another table")
        self._versions.make(session, {STORY: "string"})
        first, *others = (quoted_name(name, "`") for name in types)
        columns = ", ".join([first, f"CAST({AS_OF} AS TIMESTAMP_NTZ) AS {AS_OF}", *others, VERSION])
        rows, versions = self._rows.name, self._versions.name
        last = f"SELECT {AS_OF}, MAX({VERSION}) FROM {versions} GROUP BY {AS_OF}"  # noqa: S608  # our names
        query = f"SELECT {columns} FROM {rows} WHERE ({AS_OF}, {VERSION}) IN ({last})"  # noqa: S608
        make_once(session, self._view, f"CREATE VIEW IF NOT EXISTS {self._view} AS {query}")
