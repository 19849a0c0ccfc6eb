"""Where assignments go: `postgres:VARIABLE` and the name of a table, as a person writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from segment_model.errors import SettingsError

POSTGRES = "postgres:"
DEFAULT_TABLE = "customer_segments"
LONGEST_NAME = 63  # bytes; PostgreSQL would cut a longer one off
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """A table in the PostgreSQL whose address an environment variable holds; without a schema, the first that the
    user's search path has."""

    variable: str
    name: str
    schema: str | None = None

    @property
    def shown(self) -> str:
        """The name as a person writes it."""
        return self.name if self.schema is None else f"{self.schema}.{self.name}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The name as its identifiers."""
        return (self.name,) if self.schema is None else (self.schema, self.name)


def segment_table(to: str, table: str = DEFAULT_TABLE) -> SegmentTable:
    """The table that `postgres:VARIABLE` and `TABLE` or `SCHEMA.TABLE` name.

    Raises
    ------
    SettingsError
        If they name none; an address written in place of a variable's name is not repeated.
    """
    variable = to.removeprefix(POSTGRES)
    if not to.startswith(POSTGRES) or VARIABLE.fullmatch(variable) is None:
        raise SettingsError(
            "assignments go to postgres:VARIABLE, where VARIABLE is the NAME of the environment variable that holds "
            "the PostgreSQL URL, never the URL itself"
        )
    schema, _, name = table.rpartition(".")
    parts = [name, *([schema] if "." in table else [])]
    if "." in schema or not all(part and "\0" not in part for part in parts):
        raise SettingsError(f"{table!r} is no name of a table: write TABLE or SCHEMA.TABLE")
    if any(len(part.encode()) > LONGEST_NAME for part in parts):
        raise SettingsError(f"{table!r} is longer than the {LONGEST_NAME} bytes that PostgreSQL gives a name")
    return SegmentTable(variable, name, schema or None)
