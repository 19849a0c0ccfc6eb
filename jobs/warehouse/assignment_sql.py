"""The SQL of a registered model, under a heading that says which one it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jobs.registry_location import location_of
from registry.versions.versions import FetchedModel, fetch
from segment_model.errors import SettingsError, shown
from training.settings import Settings
from warehouse.assignment import Statement
from warehouse.customer_table import CustomerTable
from warehouse.dialects.all_dialects import DIALECTS
from warehouse.heading import heading, view
from warehouse.previous import PreviousTable


@dataclass(frozen=True)
class AssignmentRequest:
    """What to write: for which dialect, of which table, with what.

    columns : the table's name of a column, by the model's, where they differ. previous, view : tables by name.
    """

    dialect: str
    table: str
    columns: Mapping[str, str] = field(default_factory=dict)
    explained: bool = False
    previous: str | None = None
    view: str | None = None

    @property
    def read(self) -> tuple[str, ...]:
        """The names of the tables that the statement reads."""
        return (self.table,) if self.previous is None else (self.table, self.previous)


def assignment_sql(settings: Settings, base: Path, which: str, request: AssignmentRequest) -> str:
    """The statement that assigns the customers of a table in the warehouse, ended by a semicolon.

    Raises
    ------
    SegmentsError
        If there is no such model, it cannot be written as SQL, or a name is none in the dialect.
    """
    fetched = fetch(location_of(settings, base), which)
    dialect = DIALECTS[request.dialect]
    statement = statement_of(fetched, request)
    lines = (
        f"The segments of all customers in {request.table}",
        f"Model {settings.registry.model_name}, version {fetched.version}, {fetched.model.digest}",
        "A row that the model refuses has no segment; the column refused says why",
        f"Written by: segments sql --dialect {request.dialect}",
    )
    if request.view is not None and request.view.lower() in (name.lower() for name in request.read):
        raise SettingsError(f"the view {shown(request.view)} would read itself: give it another name")
    opening = "" if request.view is None else view(request.view, dialect)
    return f"{heading(lines, dialect)}{opening}{statement.sql(dialect)};\n"


def statement_of(fetched: FetchedModel, request: AssignmentRequest) -> Statement:
    """The statement that the request asks for, of a registered model."""
    previous = None if request.previous is None else PreviousTable(request.previous)
    table = CustomerTable(request.table, request.columns)
    return Statement(fetched.model, fetched.version, table, request.explained, previous)
