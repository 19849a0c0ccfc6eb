"""Commands for a first try and for a second look: schema, simulate, demo, and the numbered experiments."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.results import TableFile, write_table
from commands.settings_file import moment_of
from commands.terminal import progress, show_words

if TYPE_CHECKING:
    from registry.connection import RegistryLocation

tracking_option = click.option(
    "--tracking-uri",
    metavar="URI",
    default="sqlite:///mlflow.db",
    show_default=True,
    help="MLflow's address: a server, or an SQLite file relative to here.",
)


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
    """Run the whole pipeline on a real retailer.

    Discovers, registers, serves, and asks about two customers that discovery never saw. `make demo` runs it.
    """
    from experiments.demo import run_demo

    with progress() as (announce, step):
        run_demo(folder, announce, step)


@click.group()
def experiment() -> None:
    """Answer numbered questions about public data.

    Each is a file in `experiments/` with a question, a matrix of variants and the decision. `list` names them, `run`
    repeats one, `compare` shows how the variants of runs differ.
    """


@experiment.command("list")
def list_experiments() -> None:
    """List the experiments with their questions."""
    from experiments.variants.experiment_file import all_experiments

    for numbered in all_experiments():
        click.echo(f"{numbered.name}: {numbered.content.question}")


@experiment.command()
@click.argument("name")
@click.option("--out", type=TableFile, help=".csv or .parquet to write the table to.")
@tracking_option
def run(name: str, out: Path | None, tracking_uri: str) -> None:
    """Run every variant of an experiment, and log each to MLflow.

    Prints the verdict of each, its segments, how surely they are found again, and what they predict. A table that is
    not on this machine is one line. Nothing is registered.
    """
    from experiments.variants.compare import shown_tables
    from experiments.variants.experiment_file import experiment_named
    from experiments.variants.log import log_experiment
    from experiments.variants.run import run_experiment
    from segment_model.errors import UnreachableError

    numbered = experiment_named(name)
    click.echo(numbered.content.question)
    with progress() as (announce, step):
        outcome = run_experiment(numbered, announce, step)
    for table, shown in shown_tables(outcome.rows):
        click.echo(f"\n{table}")
        show_words(shown)
    click.echo()
    for note in outcome.notes:
        click.echo(note)
    click.echo(f"{numbered.content.answered}: {numbered.content.result}\ndecided: {numbered.content.decision}")
    try:
        run_id = log_experiment(_location(tracking_uri), numbered, outcome)
        click.echo(f"logged to MLflow (run {run_id}); nothing is registered")
    except UnreachableError as error:
        click.echo(f"{error}. The table is not logged; the same command logs it later")
    if out is not None:
        write_table(outcome.table, out)
        click.echo(f"wrote {out}")


@experiment.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@tracking_option
def compare(names: tuple[str, ...], tracking_uri: str) -> None:
    """Show how variants of the newest runs differ.

    A NAME is an experiment such as 08, a table of it such as 08/telco, or a variant such as "08/telco/left out". Prints
    the settings in which they differ, and each figure with its difference from the first.
    """
    from experiments.variants.compare import chosen_variants, shown_differences
    from experiments.variants.experiment_file import experiment_named
    from experiments.variants.log import logged_variants

    rows = []
    for name in names:
        number, _, asked = name.partition("/")
        logged = logged_variants(_location(tracking_uri), experiment_named(number).name)
        rows += chosen_variants(logged, asked)
    show_words(shown_differences(rows))


def _location(tracking_uri: str) -> RegistryLocation:
    from experiments.variants.log import MLFLOW_EXPERIMENT
    from registry.connection import RegistryLocation
    from segment_model.storage.sqlite_address import anchored_address

    return RegistryLocation(anchored_address(tracking_uri, Path.cwd()), experiment=MLFLOW_EXPERIMENT)
