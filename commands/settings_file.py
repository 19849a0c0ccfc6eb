"""Options that several commands share: the settings file, and the model in the registry that the file names."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from registry.connection import RegistryLocation
    from training.settings import Settings

FilePath = click.Path(dir_okay=False, path_type=Path)
config_option = click.option(
    "--config", "-c", type=FilePath, default=Path("segments.yaml"), show_default=True, help="Settings file."
)
which_option = click.option(
    "--model", "which", default="champion", show_default=True, help="Alias or version in the registry."
)


def settings_of(config: Path) -> Settings:
    """The settings in the file.

    Raises
    ------
    SettingsError
        If the file is absent or not valid.
    """
    return settings_and_text(config)[0]


def settings_and_text(config: Path) -> tuple[Settings, str]:
    """The settings in the file, and its text.

    Raises
    ------
    SettingsError
        If the file is absent or not valid.
    """
    from segment_model.errors import SettingsError
    from training.settings import read_settings

    chosen = click.get_current_context().get_parameter_source("config")
    if chosen is ParameterSource.DEFAULT and not config.exists():
        raise SettingsError(
            f"there is no settings file {config} here; name yours with --config, or write one: segments init FILE..."
        )
    return read_settings(config)


def location_of(config: Path) -> RegistryLocation:
    """The registry that the settings name."""
    from jobs.registry_location import location_of

    return location_of(settings_of(config), config.parent)


def moment_of(text: str) -> date | datetime:
    """A date or a time as a person types it.

    Raises
    ------
    click.BadParameter
        If the text is neither.
    """
    try:
        return date.fromisoformat(text) if len(text) == len("2026-07-01") else datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a date such as 2026-07-01 or a time such as 2026-07-01T12:00"
        ) from None
