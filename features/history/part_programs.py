"""The parts of a vector, computed as of many moments: their SQL is compiled once where the engine is DuckDB.

Compiling an expression of Ibis takes longer than DuckDB needs for a million rows. So the expressions are made for
`LaterAsOf`, a table of one row beside the others, which each moment replaces. PostgreSQL compiles them anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from features.as_of import AsOf, LaterAsOf
from features.groups.all_groups import FeatureGroups
from features.sources import fetch, plain_errors


@dataclass(frozen=True)
class PartPrograms:
    """The parts of a vector, ready for any moment."""

    groups: FeatureGroups  # as of `LaterAsOf`
    groups_as_of: Callable[[AsOf], FeatureGroups]
    statements: Sequence[str | None]  # one a part; None in another engine than DuckDB

    @classmethod
    def compiled(cls, groups: FeatureGroups, groups_as_of: Callable[[AsOf], FeatureGroups]) -> PartPrograms:
        """Compile the parts as of `LaterAsOf`; `groups_as_of` makes them as of a moment that is known."""
        statements = [
            str(part.table.get_backend().compile(part.table)) if _is_duckdb(part.table) else None
            for part in groups.parts
        ]
        return cls(groups, groups_as_of, statements)

    def tables(self, as_of: AsOf) -> Iterator[pa.Table]:
        """The result of each part as of a moment, computed when it is taken.

        Raises
        ------
        SourceError
            If an engine fails.
        """
        known = self.groups_as_of(as_of) if None in self.statements else self.groups
        backends = {id(b): b for b, sql in zip(self._backends, self.statements, strict=True) if sql is not None}
        for backend in backends.values():
            _set_moment(backend.con, as_of)
        programs = zip(known.parts, self.groups.parts, self._backends, self.statements, strict=True)
        for part, later, backend, sql in programs:
            yield fetch(part.table, "features") if sql is None else _run(backend, sql, later.table.schema())

    @property
    def _backends(self) -> list[Any]:
        return [part.table.get_backend() for part in self.groups.parts]


def _is_duckdb(table: Any) -> bool:
    return bool(table.get_backend().name == "duckdb")


def _set_moment(connection: Any, as_of: AsOf) -> None:
    """Replace the row of the table of the moment, in the connection's own temporary schema."""
    with plain_errors("no temporary table can be made beside the tables"):
        connection.execute(
            f"CREATE OR REPLACE TEMPORARY TABLE {LaterAsOf.NAME} AS SELECT CAST(? AS BIGINT) AS day, "
            "CAST(? AS BIGINT) AS last_day, CAST(? AS TIMESTAMP) AS local, CAST(? AS TIMESTAMPTZ) AS instant",
            [as_of.day, as_of.last_day, as_of.local, as_of.instant],
        ).fetchall()


def _run(backend: Any, statement: str, schema: Any) -> pa.Table:
    with plain_errors("features: the engine could not compute it"):
        return backend.con.sql(statement).to_arrow_table().cast(schema.to_pyarrow())
