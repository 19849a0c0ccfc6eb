"""Add tables, pictures and metrics to a run that has ended."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from registry.connection import RegistryLocation, connected
from registry.runs.run_files import write_figures, write_tables


def add_to_run(
    location: RegistryLocation,
    run_id: str,
    tables: Mapping[str, pd.DataFrame],
    figures: Mapping[str, bytes],
    metrics: Mapping[str, float],
) -> None:
    """Add tables (as CSV and HTML), figures (PNG) and metrics to an existing run; those of the same name are replaced.

    Raises
    ------
    RegistryError
        If there is no such run, the registry does not answer, or a name cannot be a file's.
    """
    with connected(location) as connection, tempfile.TemporaryDirectory(prefix="segments-run-") as temporary:
        files = Path(temporary) / "files"
        write_tables(tables, files)
        write_figures(figures, files)
        connection.client.log_artifacts(run_id, str(files))
        for name, value in metrics.items():
            connection.client.log_metric(run_id, name, value)
