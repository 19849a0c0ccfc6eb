"""Registries of a test's own."""

from __future__ import annotations

import gc
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from uuid import uuid4

from registry.connection import DEFAULT_NAME, RegistryLocation
from segment_model.storage.sqlite_address import sqlite_address


def registry_in(folder: Path, model_name: str = DEFAULT_NAME, experiment: str = DEFAULT_NAME) -> RegistryLocation:
    """The registry of a folder: `mlflow.db`, and `artifacts/` beside it."""
    return RegistryLocation(sqlite_address(folder / "mlflow.db"), model_name, experiment)


class EmptyRegistry:
    """A registry without runs, made at first use by `upgrade`, which makes the tables at the address of a database.

    That takes MLflow most of a second, and a copy of the file nothing.
    """

    def __init__(self, folder: Path, upgrade: Callable[[str], None]) -> None:
        self._file, self._upgrade, self._lock = folder / "mlflow.db", upgrade, Lock()

    def copy_to(self, database: Path) -> None:
        """Make the file from the copy, unless somebody else makes it meanwhile."""
        with self._lock:
            if not self._file.exists():
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", ResourceWarning)  # it leaves its connection to the collector
                    self._upgrade(sqlite_address(self._file))
                    gc.collect()
        part = database.with_name(f"{database.name}-{uuid4().hex}")
        try:
            shutil.copyfile(self._file, part)
            os.link(part, database)
        finally:
            part.unlink(missing_ok=True)
