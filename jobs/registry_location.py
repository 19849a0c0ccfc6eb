"""Which registry the settings name."""

from __future__ import annotations

from pathlib import Path

from registry.connection import RegistryLocation
from training.settings import Settings

SQLITE = "sqlite:///"


def location_of(settings: Settings, base: Path) -> RegistryLocation:
    """The registry that the settings name; the path of a SQLite file counts from the settings file's folder."""
    registry = settings.registry
    uri = registry.tracking_uri
    if uri.startswith(SQLITE):
        uri = f"{SQLITE}{(base / uri.removeprefix(SQLITE)).resolve()}"
    return RegistryLocation(uri, registry.model_name, registry.experiment)
