"""The command that begins with nothing but files: init."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from commands.results import NewSettings, write_bytes
from commands.settings_file import moment_of


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--out", type=NewSettings, default=Path("segments.yaml"), show_default=True, help="Settings file (.yaml) to write."
)
@click.option(
    "--as-of", metavar="DATE", help="As-of date or time; by default the day after the newest row up to today."
)
@click.option("--force", is_flag=True, help="Replace a settings file that exists.")
def init(files: tuple[Path, ...], out: Path, as_of: str | None, force: bool) -> None:
    """Write a settings file for your tables.

    Looks at the files and finds out which table is which, and which of your columns is which of ours. Prints what it
    decided and what to check; lines that were not certain are marked in the file.
    """
    from jobs.initial_settings import describe_proposal, initial_settings
    from segment_model.errors import SettingsError

    if out.exists() and not force:
        raise SettingsError(f"{out} exists already; write another with --out FILE, or replace it with --force")
    today = datetime.now().astimezone().date()
    proposed = initial_settings(files, out, None if as_of is None else moment_of(as_of), today)
    write_bytes(proposed.text.encode(), out)
    click.echo(describe_proposal(proposed))
    click.echo(f"wrote {out}; next: segments discover {out} --promote --report report.html")
