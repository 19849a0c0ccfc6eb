"""Registries of a test's own."""

from __future__ import annotations

from pathlib import Path

from registry.connection import DEFAULT_NAME, RegistryLocation
from segment_model.storage.sqlite_address import sqlite_address


def registry_in(folder: Path, model_name: str = DEFAULT_NAME, experiment: str = DEFAULT_NAME) -> RegistryLocation:
    """The registry of a folder: `mlflow.db`, and `artifacts/` beside it."""
    return RegistryLocation(sqlite_address(folder / "mlflow.db"), model_name, experiment)
