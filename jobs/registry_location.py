"""The registry that the settings name."""

from __future__ import annotations

from pathlib import Path

from registry.connection import RegistryLocation
from segment_model.storage.sqlite_address import anchored_address
from training.settings import Settings


def location_of(settings: Settings, base: Path) -> RegistryLocation:
    """The registry that the settings name; the path of a SQLite file is relative to the settings file's folder."""
    registry = settings.registry
    return RegistryLocation(anchored_address(registry.tracking_uri, base), registry.model_name, registry.experiment)
