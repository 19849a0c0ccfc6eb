"""Commands that list accounts: rank, split."""

from __future__ import annotations

from pathlib import Path

import click

from commands.results import TableFile, refuse_inputs, write_batches, write_table
from commands.settings_file import config_option, settings_of, which_option
from commands.terminal import show_words

TOP = 20


@click.command()
@click.option("--by", required=True, metavar="MEASURE", help="mrr, revenue, usage, growth, or a number of the vector.")
@click.option("--segment", metavar="SEGMENT", help="Only this segment (id or name).")
@click.option("--condition", metavar="CONDITION", help="Only customers who meet it: its name, or its text.")
@click.option("--out", type=TableFile, help=".parquet or .csv to write; without it the first are printed.")
@click.option(
    "--top",
    metavar="NUMBER",
    type=click.IntRange(1),
    help=f"How many accounts; by default {TOP} are printed, and a file has all.",
)
@config_option
@which_option
def rank(
    by: str, segment: str | None, condition: str | None, out: Path | None, top: int | None, config: Path, which: str
) -> None:
    """List accounts in order, the highest first.

    Each has its value, the change since the month before, segment, strength and reasons. Equal ones stand in the order
    of their ids.
    """
    from itertools import chain

    import pandas as pd

    from jobs.accounts.rank import ranking
    from reporting.account_words import accounts_in_words
    from segment_model.errors import counted

    most = TOP if out is None and top is None else top

    def announce(line: str) -> None:
        click.echo(line, err=True)

    settings = settings_of(config)
    refuse_inputs(out, settings, config.parent)
    with ranking(settings, config.parent, which, by, segment, condition, most, announce) as accounts:
        if out is None:
            show_words(accounts_in_words(pd.concat(list(accounts.batches), ignore_index=True), accounts.unit))
            number = accounts.customers if most is None else min(most, accounts.customers)
            click.echo(f"the first {number:,} of {counted(accounts.customers, 'account')} by {by}: {accounts.words}")
        else:
            written = write_batches(chain(accounts.batches), out)
            click.echo(f"wrote {counted(written, 'account')} to {out} by {by}: {accounts.words} ({accounts.version})")
        for note in accounts.notes:
            click.echo(f"- {note}")


@click.command()
@click.argument("segment")
@click.option("--experiment", required=True, metavar="NAME", help="Its name; another one draws other arms.")
@click.option(
    "--arms", required=True, metavar="ARM=SHARE,...", help="Such as control=0.5,mail=0.5; shares add up to 1."
)
@click.option("--out", type=TableFile, required=True, help=".parquet or .csv to write.")
@config_option
@which_option
def split(segment: str, experiment: str, arms: str, out: Path, config: Path, which: str) -> None:
    """Split a segment into the arms of an experiment.

    SEGMENT is an id or a name, or `everyone`. A customer's arm is drawn by a hash of experiment and customer id, so
    that it stays the same, whoever else comes.
    """
    from jobs.accounts.split import split_segment
    from segment_model.errors import counted

    settings = settings_of(config)
    refuse_inputs(out, settings, config.parent)
    done = split_segment(settings, config.parent, which, segment, experiment, arms)
    write_table(done.table, out)
    for arm, number in done.counts.items():
        click.echo(f"{number:>10,}  {arm}")
    for note in done.notes:
        click.echo(f"- {note}")
    click.echo(
        f"wrote {counted(len(done.table), 'customer')} of {done.segment_name!r} to {out} (version {done.version})"
    )
