"""Files that commands write for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def write_table(table: pd.DataFrame, out: Path) -> None:
    """Write a table as its file's ending says; a SettingsError where it cannot be written."""
    from segment_model.errors import SettingsError

    if out.suffix not in (".parquet", ".csv"):
        raise SettingsError(f"{out} must end in .parquet or .csv")
    try:
        table.to_csv(out) if out.suffix == ".csv" else table.to_parquet(out)
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror or error}") from error


def write_bytes(content: bytes, out: Path) -> None:
    """Write a file; a SettingsError where it cannot be written."""
    from segment_model.errors import SettingsError

    try:
        out.write_bytes(content)
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror or error}") from error
