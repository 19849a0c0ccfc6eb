"""Commands on conditions over the customer vectors: select, conditions."""

from __future__ import annotations

from pathlib import Path

import click

from commands.results import TableFile, refuse_inputs, write_table
from commands.settings_file import config_option, moment_of, settings_of, which_option
from commands.terminal import show_words


@click.command()
@click.argument("condition")
@click.option("--as-of", metavar="DATE", help="As-of date or time; by default that of the settings.")
@click.option("--out", type=TableFile, help=".parquet or .csv to write: the customers who meet it.")
@config_option
@which_option
def select(condition: str, as_of: str | None, out: Path | None, config: Path, which: str) -> None:
    """Count the customers who meet a condition, by segment.

    CONDITION is a text such as "mrr > 0 and days_since_last_event >= 30", or the name of a condition of the settings or
    of a ready-made one. A missing value meets nothing.
    """
    from jobs.conditions.selection import select as select_customers
    from reporting.selection_table import selection_in_words
    from segment_model.errors import counted, percent

    settings = settings_of(config)
    if as_of is not None:
        settings = settings.model_copy(update={"as_of": moment_of(as_of)})
    refuse_inputs(out, settings, config.parent)
    selected = select_customers(settings, config.parent, which, condition)
    meeting = len(selected.customers)
    share = f", {percent(meeting / selected.of)}" if selected.of else ""
    click.echo(
        f"{counted(meeting, 'customer meets', 'customers meet')} {selected.text}{selected.moment} "
        f"({counted(selected.of, 'customer')} in all{share}; version {selected.version})"
    )
    show_words(selection_in_words(selected.by_segment, selected.money))
    if out is not None:
        write_table(selected.customers, out)
        click.echo(f"wrote {counted(meeting, 'customer')} to {out}")


@click.command()
@config_option
def conditions(config: Path) -> None:
    """List the conditions of the settings and the ready-made ones.

    Each with its text and how many customers meet it now; then the ready-made ones that are off, with what they need.
    """
    import pandas as pd

    from jobs.conditions.listing import list_conditions

    listed = list_conditions(settings_of(config), config.parent)
    rows = [
        (entry.name, f"{entry.customers:,}", entry.text, entry.words if entry.words != entry.text else "",
         "in the settings" if entry.is_set else f"{{{entry.name}: ready}}")
        for entry in listed.usable
    ]  # fmt: skip
    show_words(pd.DataFrame(rows, columns=["condition", "customers", "text", "means", "how to set it"]))
    for name, reason in listed.off.items():
        click.echo(f"off: {name}: {reason}")
