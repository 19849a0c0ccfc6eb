"""Commands that show the analyst's record of the champion: report, figures, history."""

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
    help="The last months that are over; by default those of the settings.",
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
    """Write the report page anew.

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
    "--by",
    default="",
    metavar="GROUPING",
    help="segment, an attribute such as plan, or a named condition; a table: segment.",
)
@months_option
@format_option
@config_option
@which_option
def figures(figure: str, by: str, months: int | None, form: str, config: Path, which: str) -> None:
    """Print what segments are worth: money, churn, retention and more.

    Computes the figures anew from the tables. Each has its definition, the number of customers and a 95 % interval. CSV
    and JSON hold all months and all groupings.
    """
    from reporting.record_tables import chosen_figures, figures_in_words, record_json

    named = _record_of(config, which, months)
    usual = "segment" if form == "table" and len(named.record.figures) else ""  # without dates there are no figures
    rows = chosen_figures(named.record, named.names, figure, by or usual)
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
@click.option("--conditions", "of_conditions", is_flag=True, help="Of the named conditions, instead of the segments.")
@format_option
@config_option
@which_option
def history(months: int | None, of_conditions: bool, form: str, config: Path, which: str) -> None:
    """Print how segments and named conditions grew and shrank, month by month.

    Who was where is computed by the champion from the rows before each month end, and kept beside the settings file.
    JSON holds both; a table of the segments is followed by one of the conditions; CSV holds either.
    """
    from reporting.record_tables import condition_sizes_in_words, record_json, sizes_in_words, sizes_named

    named = _record_of(config, which, months)
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


def _record_of(config: Path, which: str, months: int | None) -> NamedRecord:
    """The record of a model in the registry; progress goes to the standard error, so that output can be piped."""
    from jobs.record import record_of

    return record_of(settings_of(config), config.parent, which, months, lambda line: click.echo(line, err=True))


def _show_notes(named: NamedRecord) -> None:
    for note in named.record.notes:
        click.echo(f"- {note}")
