"""Commands that apply a registered model to customers: assign, explain, sql."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.results import StatementFile, TableOrFolder, refuse_inputs, write_batches, write_bytes
from commands.settings_file import FilePath, config_option, moment_of, settings_of, which_option
from commands.terminal import show_change, show_explanation

if TYPE_CHECKING:
    from features.spark.stored_rows import Place
    from jobs.segment_table.destination import SegmentTable
    from segment_model.scoring.scoring import Policy
    from training.settings import Settings

IN_SPARK = "spark"
VECTORS = "customer_vectors"
# the names of `warehouse.dialects`, whose import takes a second that `--help` need not wait for
DIALECT_NAMES = ("duckdb", "postgres", "spark", "snowflake", "bigquery", "redshift", "databricks", "trino")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=TableOrFolder, help=".parquet or .csv to write.")
@click.option(
    "--to",
    metavar="PLACE",
    help="postgres:VARIABLE, where VARIABLE holds the URL; or spark, the catalogue of `engine: spark`.",
)
@click.option("--table", help="TABLE or SCHEMA.TABLE for `--to`.  [default: customer_segments]")
@click.option("--explain", "explained", is_flag=True, help="Add base, score and each column's contribution to `--out`.")
@click.option(
    "--policy",
    type=click.Choice(["unassigned", "nearest"]),
    default="unassigned",
    show_default=True,
    help="What a customer outside every segment gets: no segment, or the nearest.",
)
@config_option
@which_option
def assign(
    file: Path,
    out: Path | None,
    to: str | None,
    table: str | None,
    explained: bool,
    policy: Policy,
    config: Path,
    which: str,
) -> None:
    """Assign the customers of a file to segments.

    FILE is one that `segments features` wrote. Prints how many customers each segment has. `--to` keeps them in a table
    under their as-of moment and the model's version: all or nothing, and running it again changes nothing. With
    `engine: spark`, FILE is a folder or spark:TABLE, and the answer goes to a folder or to a table of the catalogue.
    """
    if out is None and to is None:
        raise click.UsageError("name where the assignments go: --out FILE, --to postgres:VARIABLE, or both")
    if to is None and table is not None:
        raise click.UsageError("--table goes with --to")
    if out is None and explained:
        raise click.UsageError("--explain goes with --out FILE: the table keeps segments, not contributions")
    from jobs.segment_table.destination import DEFAULT_TABLE, segment_table

    settings = settings_of(config)
    if settings.engine.spark is not None:
        if to not in (None, IN_SPARK) or (out is None) == (to is None):
            raise click.UsageError("with `engine: spark`, assignments go to --out FOLDER.parquet or to --to spark")
        from features.spark.places import place_to_read, place_to_write

        place = place_to_write(out, DEFAULT_TABLE if table is None else table)
        _assign_in_spark(settings, config, which, place_to_read(str(file)), place, policy, explained)
        return
    if to == IN_SPARK:
        raise click.UsageError("--to spark needs `engine: spark` in the settings")
    destination = None if to is None else segment_table(to, DEFAULT_TABLE if table is None else table)
    _assign_here(settings, config, which, file, out, destination, policy, explained)


def _assign_here(
    settings: Settings,
    config: Path,
    which: str,
    file: Path,
    out: Path | None,
    destination: SegmentTable | None,
    policy: Policy,
    explained: bool,
) -> None:
    """Assign the customers of a vector file in this process; write them to a file, a table in PostgreSQL, or both."""
    from jobs.registry_location import location_of
    from jobs.score import ScoredCustomers, scoring_of, store
    from segment_model.errors import counted

    refuse_inputs(out, settings, config.parent, file)
    ends, seen = [], ScoredCustomers()
    with scoring_of(location_of(settings, config.parent), which, file, policy, explained) as scoring:
        if out is not None:
            written = write_batches(scoring.tables(seen), out, index=True)
            ends.append(f"wrote {counted(written, 'assignment')} to {out}")
        if destination is not None:
            seen = ScoredCustomers()
            stored = store(replace(scoring, explained=False), seen, settings, destination)
            ends.append(
                f"wrote {counted(stored.rows, 'assignment')} to {destination.shown}, {stored.changed:,} of them new or "
                "changed"
            )
    for name, count in seen.counts.items():
        click.echo(f"{count:>10,}  {name}")
    for message in seen.left_out:
        click.echo(message, err=True)
    for end in ends:
        click.echo(f"{end} (version {scoring.version}; {seen.novel:,} novel)")


def _assign_in_spark(
    settings: Settings, config: Path, which: str, vectors: Place, out: Place, policy: Policy, explained: bool
) -> None:
    """Assign the customers of a folder, or of a table of the catalogue, in Spark."""
    from jobs.spark.assigned import assign_in_spark
    from segment_model.errors import counted

    assigned = assign_in_spark(settings, config.parent, which, vectors, out, policy, explained)
    for name, count in assigned.counts.items():
        click.echo(f"{count:>10,}  {name}")
    if assigned.refused:
        customers = counted(assigned.refused, "customer has", "customers have")
        click.echo(f"{customers} no segment, and a reason in `refused`, such as {assigned.example}", err=True)
    click.echo(
        f"wrote {counted(assigned.customers, 'assignment')} to {assigned.where} (version {assigned.version}; "
        f"{assigned.novel:,} novel)"
    )


@click.command()
@click.argument("customer")
@click.option("--vectors", type=FilePath, help="File from `segments features`; by default the raw tables are read.")
@click.option("--against", metavar="SEGMENT", help="Segment (id or name) to compare with, instead of the runner-up.")
@click.option(
    "--change-to",
    metavar="SEGMENT",
    help="Also find the smallest change that leads to this segment (id or name).",
)
@click.option("--changeable", metavar="COLUMNS", help="Basis columns that may change for that, separated by commas.")
@config_option
@which_option
def explain(
    customer: str,
    vectors: Path | None,
    against: str | None,
    change_to: str | None,
    changeable: str | None,
    config: Path,
    which: str,
) -> None:
    """Say which segment a customer belongs to, and why.

    With `--change-to` and `--changeable`, also say what would change it.
    """
    if (change_to is None) != (changeable is None):
        raise click.UsageError("--change-to SEGMENT and --changeable COLUMNS go together")
    from jobs.score import explain_customer, read_customer, smallest_change

    model, row = read_customer(settings_of(config), config.parent, which, customer, vectors)
    show_explanation(explain_customer(model, row, against))
    if change_to is not None and changeable is not None:
        columns = [name.strip() for name in changeable.split(",") if name.strip()]
        change = smallest_change(model, row, change_to, columns)
        show_change(model, change.to, change)


class ColumnNames(click.ParamType[tuple[str, str]]):
    """A column of the model and what the table calls it: MODEL=TABLE."""

    name = "model=table"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The two names."""
        ours, separator, theirs = str(value).partition("=")
        if not (ours and separator and theirs):
            self.fail(f"{value!r} is not of the form MODEL=TABLE, such as monetary_value=revenue", param, ctx)
        return ours, theirs


@click.command()
@click.option(
    "--dialect", type=click.Choice(DIALECT_NAMES), default="duckdb", show_default=True, help="Engine that runs it."
)
@click.option("--table", default=VECTORS, show_default=True, help="Table or view of customer vectors.")
@click.option(
    "--column",
    "columns",
    type=ColumnNames(),
    multiple=True,
    help="What the table calls a column of the model, or customer_id; repeat it for each.",
)
@click.option("--explain", "explained", is_flag=True, help="Add base, score and each column's contribution.")
@click.option("--previous", metavar="TABLE", help="Table with customer_id and segment_id: border customers stay there.")
@click.option("--view", metavar="NAME", help="Make a view of this name instead of a SELECT.")
@click.option(
    "--features",
    "of_features",
    is_flag=True,
    help="Write the query of the vectors instead (duckdb, postgres, spark, databricks).",
)
@click.option("--as-of", metavar="DATE", help="With --features: as-of date or time; by default that of the settings.")
@click.option(
    "--dbt",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="FOLDER",
    help="Write both as dbt models with tests.",
)
@click.option("--out", type=StatementFile, help=".sql to write; by default it is printed.")
@config_option
@which_option
def sql(
    dialect: str,
    table: str,
    columns: tuple[tuple[str, str], ...],
    explained: bool,
    previous: str | None,
    view: str | None,
    of_features: bool,
    as_of: str | None,
    dbt: Path | None,
    out: Path | None,
    config: Path,
    which: str,
) -> None:
    """Write the model as SQL that assigns customers in a warehouse.

    The statement reads a table with one row a customer and gives what `segments assign` gives; a row that the model
    refuses has no segment and says why in the column `refused`. With `--features`, the statement makes that table of
    the raw tables that the settings name.
    """
    from jobs.warehouse.assignment_sql import AssignmentRequest, assignment_sql

    if dbt is not None and (out is not None or of_features or view is not None):
        raise click.UsageError("--dbt writes its own files: leave out --out, --features and --view")
    if of_features and (explained or table != VECTORS or columns or previous is not None):
        raise click.UsageError("--features makes the vectors: leave out --explain, --table, --column and --previous")
    if as_of is not None and not of_features and dbt is None:
        raise click.UsageError("--as-of is the moment of the vectors: it goes with --features or --dbt")
    if twice := [ours for ours, times in Counter(ours for ours, _ in columns).items() if times > 1]:
        raise click.UsageError(f"--column names {', '.join(twice)} more than once: name each column of the model once")
    settings = settings_of(config)
    if as_of is not None:
        settings = settings.model_copy(update={"as_of": moment_of(as_of)})
    request = AssignmentRequest(dialect, table, dict(columns), explained, previous, view)
    if dbt is not None:
        from jobs.warehouse.dbt_models import dbt_models

        files = {dbt / name: content for name, content in dbt_models(settings, config.parent, which, request).items()}
        _refuse_others(files)
        for path, content in files.items():
            write_bytes(content.encode(), path)
            click.echo(f"wrote {path}")
        return
    if of_features:
        from jobs.warehouse.feature_sql import feature_sql

        statement = feature_sql(settings, config.parent, which, dialect, view)
    else:
        statement = assignment_sql(settings, config.parent, which, request)
    if out is None:
        click.echo(statement, nl=False)
    else:
        write_bytes(statement.encode(), out)
        click.echo(f"wrote {out}")


def _refuse_others(paths: Iterable[Path]) -> None:
    """Refuse to replace a file of dbt that somebody else wrote, such as the tests of other models.

    Raises
    ------
    SettingsError
        Naming all of them.
    """
    from segment_model.errors import SettingsError
    from warehouse.dbt import BY_COMMAND

    others = [path for path in paths if path.exists() and BY_COMMAND.encode() not in path.read_bytes()]
    if others:
        raise SettingsError(
            f"{', '.join(map(str, others))}: not written by this command, and would be replaced; name a folder of its "
            "own, such as models/segments"
        )
