"""Commands that show the analyst's record of the champion: report, figures, history, effects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.results import PageFile, write_bytes
from commands.settings_file import config_option, settings_of, which_option
from commands.terminal import show_words

if TYPE_CHECKING:
    from jobs.record import NamedRecord

months_option = click.option(
    "--months",
    metavar="NUMBER",
    type=click.IntRange(1, 120),
    help="How many of the last finished months; by default as many as in the settings.",
)
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="A table for people; CSV or JSON for programs.",
)


@click.command()
@months_option
@click.option(
    "--out",
    type=PageFile,
    default=Path("report.html"),
    show_default=True,
    help="The page (.html) to write; all figures are written beside it as CSV.",
)
@config_option
@which_option
def report(months: int | None, out: Path, config: Path, which: str) -> None:
    """Write a new report page of a registered model.

    Computes money, retention and growth by segment from the tables, and shows them with what the discovery stored,
    under today's names and notes. Nothing is discovered, and nothing in the registry changes.
    """
    from datetime import datetime

    from jobs.report import make_report

    beside = out.with_name(f"{out.stem}-figures.csv")
    today = datetime.now().astimezone().date()
    made = make_report(settings_of(config), config.parent, which, months, today, beside.name, click.echo)
    write_bytes(made.figures.encode(), beside)
    write_bytes(made.page.encode(), out)
    click.echo(f"wrote {out} and {beside} (version {made.version})")


@click.command()
@click.option("--figure", default="", metavar="NAME", help="Only this figure, month by month, such as churn_rate.")
@click.option(
    "--distributions",
    is_flag=True,
    help="Shares of categories and quartiles of numbers instead; with --figure, of this column only.",
)
@click.option(
    "--by",
    default="",
    metavar="GROUPING",
    help="segment, an attribute such as plan, or a named condition; by default segment, and all in CSV and JSON.",
)
@months_option
@format_option
@config_option
@which_option
def figures(figure: str, distributions: bool, by: str, months: int | None, form: str, config: Path, which: str) -> None:
    """Print money, churn and retention by segment.

    Computes the figures anew from the tables. Each has its definition, the number of customers and a 95 % interval. CSV
    and JSON hold all months and all groupings. Without dates there are no such figures, so the distributions are
    printed.
    """
    from reporting.record_tables import chosen_figures, figures_in_words, record_json

    named = record_for(config, which, months)
    if distributions or named.record.figures.empty:
        _show_distributions(named, figure, form)
        return
    rows = chosen_figures(named.record, named.names, figure, by or ("segment" if form == "table" else ""))
    if form == "csv":
        click.echo(rows.to_csv(index=False), nl=False)
    elif form == "json":
        click.echo(record_json(named.record, {"figures": rows}))
    else:
        show_words(figures_in_words(named.record, rows, every_period=bool(figure)))
        for definition in named.record.definitions:
            if definition.name == figure:
                click.echo(f"{definition.title}: {definition.words}")
        _show_notes(named)


@click.command()
@months_option
@click.option("--conditions", "of_conditions", is_flag=True, help="Print named conditions instead of segments.")
@format_option
@config_option
@which_option
def history(months: int | None, of_conditions: bool, form: str, config: Path, which: str) -> None:
    """Print how segments and conditions grew, by month.

    Who was where is computed by the champion from the rows before each month end, and kept beside the settings file.
    JSON holds both; a table of the segments is followed by one of the conditions; CSV holds either.
    """
    from reporting.record_tables import condition_sizes_in_words, record_json, sizes_in_words, sizes_named

    named = record_for(config, which, months)
    if form == "csv":
        sizes = named.record.condition_sizes if of_conditions else sizes_named(named.record, named.names)
        click.echo(sizes.to_csv(index=False), nl=False)
    elif form == "json":
        tables = {"sizes": sizes_named(named.record, named.names), "flows": named.record.flows}
        tables |= {"condition_sizes": named.record.condition_sizes}
        click.echo(record_json(named.record, tables))
    else:
        if not of_conditions:
            show_words(sizes_in_words(named.record, named.names))
        if of_conditions or named.record.conditions:
            show_words(condition_sizes_in_words(named.record))
        _show_notes(named)


@click.command()
@click.option("--experiment", default="", metavar="NAME", help="Only this experiment.")
@click.option("--goal", default="", metavar="NAME", help="Only this goal; money is left out then.")
@click.option("--by", default="segment", show_default=True, metavar="GROUPING", help="segment, or a named condition.")
@click.option(
    "--effect",
    metavar="DIFFERENCE",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="A difference of rates, such as 0.02, whose power is printed; by default that of each goal's settings.",
)
@format_option
@config_option
@which_option
def effects(experiment: str, goal: str, by: str, effect: float | None, form: str, config: Path, which: str) -> None:
    """Print the effects of experiments by segment.

    Compares each arm with control, on each goal and on revenue, by the segments that customers were in, or the
    conditions that they met, when they were exposed. Needs the source `experiments`.
    """
    from jobs.effects.experiment_effects import effects_of
    from reporting.experiment_tables import (
        chosen_effects,
        effects_in_words,
        effects_json,
        effects_named,
        interactions_in_words,
    )

    named = effects_of(
        settings_of(config), config.parent, which, lambda line: click.echo(line, err=True), experiment, goal, effect
    )
    record = chosen_effects(named.record, by)
    for warning in record.warnings:
        click.secho(warning, err=True, bold=True, fg="red")
    if form == "csv":
        click.echo(effects_named(record, named.names).to_csv(index=False), nl=False)
    elif form == "json":
        click.echo(effects_json(record, named.names))
    else:
        show_words(effects_in_words(record, named.names))
        for sentence in (*interactions_in_words(record, named.names), *record.notes):
            click.echo(f"- {sentence}")


def record_for(config: Path, which: str, months: int | None) -> NamedRecord:
    """The record of a model in the registry; progress goes to the standard error, so that output can be piped."""
    from jobs.record import record_of

    def announce(line: str) -> None:
        click.echo(line, err=True)

    settings = settings_of(config)
    if settings.engine.spark is None:
        return record_of(settings, config.parent, which, months, announce)
    from jobs.spark.analysis.record import compute_in_spark

    return record_of(settings, config.parent, which, months, announce, compute_in_spark)


def _show_distributions(named: NamedRecord, column: str, form: str) -> None:
    """Shares of levels and quartiles of numbers, of each segment and of everyone."""
    from reporting.distribution_tables import distribution_rows, distributions_in_words
    from reporting.record_tables import record_json

    rows = distribution_rows(named.record, named.names, column)
    if form == "csv":
        click.echo(rows.to_csv(index=False), nl=False)
    elif form == "json":
        click.echo(record_json(named.record, {"distributions": rows}))
    else:
        show_words(distributions_in_words(rows))
        click.echo(
            "Of the customers whose value is known: the share of a level, or the median (quartiles) of a number."
        )
        click.echo("▲ above and ▼ below: than all other customers; a column that shaped the segments has no mark.")
        _show_notes(named)


def _show_notes(named: NamedRecord) -> None:
    for note in named.record.notes:
        click.echo(f"- {note}")
