"""The places of rows in Spark, as a person names them: a folder, or a table of the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

from features.spark.catalogue_table import CatalogueTable
from features.spark.stored_rows import Place
from features.spark.stored_table import StoredFolder
from segment_model.errors import SettingsError

TABLE = "spark:"  # before the name of a table that is read
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/")


def place_to_read(name: str) -> Place:
    """The folder of rows that Spark wrote, or the table that `spark:TABLE` names.

    Raises
    ------
    SettingsError
        If it names no table, or an address.
    """
    is_table = name.startswith(TABLE)
    return CatalogueTable.named(name.removeprefix(TABLE)) if is_table else _folder(Path(name))


def place_to_write(out: Path | None, table: str) -> Place:
    """The folder `out`; without one the table of the catalogue.

    Raises
    ------
    SettingsError
        If the folder's name ends in .csv, `out` is an address, or `table` names no table.
    """
    if out is None:
        return CatalogueTable.named(table)
    if out.suffix.lower() == ".csv":
        raise SettingsError(f"{out}: Spark writes Parquet; end the name in .parquet")
    return _folder(out)


def _folder(path: Path) -> StoredFolder:
    """A folder of this machine; an address, whose two strokes a path makes one, would be a folder called so here."""
    if ADDRESS.match(path.as_posix()):
        raise SettingsError(
            f"{path.as_posix()} is no folder that this machine and all workers see: mount it, or write a table of the "
            "catalogue by `--to spark`, which may lie there"
        )
    return StoredFolder(path)
