"""Log a discovery to the registry and register its model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from registry.connection import RegistryLocation
from registry.runs.discovery_runs import log_discovery
from registry.runs.records import DiscoveryRecord
from registry.versions.registration import register


@dataclass(frozen=True)
class Sent:
    """The run that a discovery was logged as, and the version that it was registered as."""

    run_id: str
    version: str


def send(location: RegistryLocation, record: DiscoveryRecord, files: Path | None = None) -> Sent:
    """Log a discovery and register its model; `files` is the folder that already holds the run's files.

    Raises
    ------
    RegistryError
        If the registry cannot be reached or refuses something.
    ArtefactError
        If the stored model is not complete.
    """
    run_id = log_discovery(location, record, files)
    return Sent(run_id, register(location, run_id))
