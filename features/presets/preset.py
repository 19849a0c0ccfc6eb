"""What a preset is: the columns, rows and notation of one program's export, in each of the forms that it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Layout:
    """One form of an export, under the keys of a source.

    title : what the form is called, after "the". columns : our column names to those of the export. where : the rows
    that count. utc : its moments have no time zone and are in UTC. minor_units : its money is in cents.
    """

    title: str
    columns: Mapping[str, str]
    where: str
    date_format: Mapping[str, str] = field(default_factory=dict)
    utc: bool = False
    minor_units: bool = False


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset of one raw table.

    documentation : where the vendor describes it. checked : what its columns were compared with, and what could not be
    checked.
    """

    name: str
    table: str
    layouts: tuple[Layout, ...]
    documentation: tuple[str, ...]
    checked: str
