"""Fetch finished files of a run, such as its report, for a service that shows them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from registry.connection import RegistryLocation, connected

MOST_BYTES = 16 * 1024 * 1024  # of one file; a service keeps it in memory


def fetch_files(
    location: RegistryLocation, run_id: str, names: Iterable[str], folder: Path | None = None
) -> dict[str, bytes]:
    """Those of the named files that the run holds and that are not larger than MOST_BYTES, by name.

    They are downloaded to a temporary folder inside `folder`, by default the system's, and deleted afterwards. A
    version that was registered without a run (an empty `run_id`) has none.

    Raises
    ------
    RegistryError
        If the registry does not answer, or there is no such run.
    """
    if not run_id:
        return {}
    wanted = set(names)
    with (
        connected(location) as connection,
        tempfile.TemporaryDirectory(prefix="segments-files-", dir=folder) as download,
    ):
        stored = {
            file.path
            for file in connection.client.list_artifacts(run_id)
            if not file.is_dir and file.path in wanted and (file.file_size or 0) <= MOST_BYTES
        }
        return {
            name: Path(connection.client.download_artifacts(run_id, name, download)).read_bytes()
            for name in sorted(stored)
        }
