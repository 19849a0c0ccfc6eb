"""The output files of commands, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd

    from training.settings import Settings


class OutputFile(click.Path):
    """A file that a command writes; a wrong ending or an absent folder is refused before the command does anything."""

    def __init__(self, *suffixes: str, or_folder: bool = False) -> None:
        super().__init__(dir_okay=or_folder, path_type=Path)
        self.suffixes = suffixes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path.

        Raises
        ------
        SettingsError
            If its ending is none of `suffixes`, or its folder does not exist.
        """
        from segment_model.errors import SettingsError

        out = Path(str(super().convert(value, param, ctx)))
        if self.suffixes and out.suffix.lower() not in self.suffixes:
            raise SettingsError(f"{out} must end in {' or '.join(self.suffixes)}")
        if not out.parent.is_dir():
            raise SettingsError(f"{out} cannot be written: there is no folder {out.parent}")
        return out


TableFile = OutputFile(".parquet", ".csv")
TableOrFolder = OutputFile(".parquet", ".csv", or_folder=True)  # Spark writes a folder of Parquet files
PageFile = OutputFile(".html", ".htm")
PictureFile = OutputFile(".png")
NewSettings = OutputFile(".yaml", ".yml")
StatementFile = OutputFile(".sql")
AnyFile = OutputFile()


def refuse_inputs(out: Path | None, settings: Settings, base: Path, *read: Path) -> None:
    """Refuse a file that a command reads as the one that it writes, before it does anything.

    base : the folder from which the settings' paths count. read : files beside the raw tables of the settings.

    Raises
    ------
    SettingsError
        If the file is one of them, would be one the next time, or is a folder.
    """
    from features.source_settings import TableSource
    from segment_model.errors import SettingsError

    if out is None:
        return
    place = out.resolve()
    if place.is_dir():
        raise SettingsError(f"{out} is a folder: name a file in it")
    if place in [file.resolve() for file in read]:
        raise SettingsError(f"{out} is what the command reads, and would be replaced: name another file")
    for name, source in settings.sources:
        if isinstance(source, TableSource) and source.file is not None and _is_named_by(source.file, base, place):
            raise SettingsError(f"{out} belongs to the raw table {name} ({source.file}): name another file")


def _is_named_by(file: str, base: Path, place: Path) -> bool:
    """Whether the file, folder or pattern of a source takes a place in."""
    from segment_model.storage.user_path import user_path

    path = (base / user_path(file)).resolve()
    if path.is_dir():
        return place.is_relative_to(path)
    return place == path or fnmatchcase(str(place), str(Path(escape(str(base.resolve()))) / user_path(file)))


def write_table(table: pd.DataFrame, out: Path) -> None:
    """Write a table to a `TableFile`, as CSV or Parquet by its ending.

    Raises
    ------
    SettingsError
        If the file cannot be written.
    """
    with writing(out) as temporary:
        table.to_csv(temporary) if is_csv(out) else table.to_parquet(temporary)


def write_batches(batches: Iterable[pd.DataFrame], out: Path, index: bool = False) -> int:
    """Write tables below one another to a `TableFile`, one in memory at a time; count the rows.

    batches : at least one, all with the columns of the first. index : whether to write their index too.

    Raises
    ------
    SettingsError
        If the file cannot be written.
    """
    rows = 0
    with writing(out) as temporary, ExitStack() as stack:
        parquet = None
        for batch in batches:
            if is_csv(out):
                batch.to_csv(temporary, mode="a" if rows else "w", header=not rows, index=index)
            else:
                import pyarrow as pa
                import pyarrow.parquet as pq

                table = pa.Table.from_pandas(batch, preserve_index=index)
                if parquet is None:
                    parquet = stack.enter_context(pq.ParquetWriter(temporary, table.schema, compression="zstd"))
                parquet.write_table(table.cast(parquet.schema))
            rows += len(batch)
    return rows


def is_csv(out: Path) -> bool:
    """Whether a table is to be written as CSV."""
    return out.suffix.lower() == ".csv"


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
