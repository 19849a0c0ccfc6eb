"""Commands for a first try: schema, simulate, demo."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from commands.settings_file import moment_of
from commands.terminal import progress


@click.command()
def schema() -> None:
    """Print the JSON Schema of the settings file, for editors."""
    import json

    from training.settings import Settings

    click.echo(json.dumps(Settings.model_json_schema(), indent=2))


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--customers", metavar="NUMBER", default=2000, show_default=True, type=click.IntRange(1), help="Number of accounts."
)
@click.option(
    "--seed",
    metavar="NUMBER",
    default=1,
    show_default=True,
    type=click.IntRange(0),
    help="The same seed gives the same company.",
)
@click.option("--as-of", metavar="DATE", default="2026-07-01", show_default=True, help="As-of date of the company.")
@click.option(
    "--months",
    metavar="NUMBER",
    type=click.IntRange(1),
    help="Write the company with this many months of history, planted odds and experiments, such as 18.",
)
@click.option("--noise", is_flag=True, help="With --months: nothing that happens depends on who the customer is.")
def simulate(folder: Path, customers: int, seed: int, as_of: str, months: int | None, noise: bool) -> None:
    """Write a made-up software company.

    It has eight planted segments; their truth is in a file of its own. Settings to discover them lie beside it.
    """
    from experiments.simulated_company.company import simulate as simulated
    from experiments.simulated_company.company import write_company
    from experiments.simulated_company.company_history import simulate_history, write_history

    moment = moment_of(as_of)
    day = moment.date() if isinstance(moment, datetime) else moment
    if noise and months is None:
        raise click.UsageError("--noise needs --months: without a history nothing happens to a customer")
    if months is None:
        written = write_company(simulated(customers, seed, day), folder)
    else:
        written = write_history(simulate_history(customers, seed, day, months, noise=noise), folder)
    for path in written:
        click.echo(f"wrote {path}")
    click.echo(f"next: segments discover {folder / 'segments.yaml'} --promote")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"))
def demo(folder: Path) -> None:
    """Do the main job on a real retailer.

    Discovers, registers, serves, and asks about two customers that discovery never saw. `make demo` runs it.
    """
    from experiments.demo import run_demo

    with progress() as (announce, step):
        run_demo(folder, announce, step)
