"""The files of a made-up company: its tables as Parquet, and its settings beside them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import pandas as pd

from segment_model.errors import SourceError


def write_tables(
    tables: Mapping[str, pd.DataFrame], settings: str, as_of: datetime.date, directory: Path
) -> list[Path]:
    """Write each table under its name, and the settings file of this folder as of the day; returns the paths written.

    Tables that are already there are replaced; an edited settings file is not.

    Raises
    ------
    SourceError
        If the directory cannot be written, or holds a `segments.yaml` that says something else.
    """
    content = _as_of(settings, as_of)
    settings_file = directory / "segments.yaml"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if settings_file.exists() and settings_file.read_text(encoding="utf-8") != content:
            raise SourceError(f"{settings_file} is there with other content: remove it, or choose another directory")
        written = []
        for name, table in tables.items():
            written.append(directory / f"{name}.parquet")
            table.to_parquet(written[-1], index=False, compression="zstd")
        settings_file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise SourceError(f"the simulated company cannot be written to {directory}: {error}") from error
    return [*written, settings_file]


def _as_of(settings: str, as_of: datetime.date) -> str:
    """The settings file of this name, as of another day."""
    text = resources.files("experiments.simulated_company").joinpath(settings).read_text(encoding="utf-8")
    lines = [f"as_of: {as_of.isoformat()}" if line.startswith("as_of:") else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"
