"""The output files of commands, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def write_table(table: pd.DataFrame, out: Path) -> None:
    """Write a table as Parquet or CSV, by the suffix of `out`.

    Raises
    ------
    SettingsError
        If the suffix is another, or the file cannot be written.
    """
    from segment_model.errors import SettingsError

    if out.suffix not in (".parquet", ".csv"):
        raise SettingsError(f"{out} must end in .parquet or .csv")
    with writing(out) as temporary:
        table.to_csv(temporary) if out.suffix == ".csv" else table.to_parquet(temporary)


def write_bytes(content: bytes, out: Path) -> None:
    """Write a file.

    Raises
    ------
    SettingsError
        If it cannot be written.
    """
    with writing(out) as temporary:
        temporary.write_bytes(content)


@contextmanager
def writing(out: Path) -> Iterator[Path]:
    """A temporary path whose file replaces `out` when the block ends without an error.

    Raises
    ------
    SettingsError
        If the file cannot be written.
    """
    from segment_model.errors import SettingsError
    from segment_model.storage.atomic_write import atomic_file

    try:
        with atomic_file(out) as temporary:
            yield temporary
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror or error}") from error
