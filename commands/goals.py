"""The command that shows the odds of goals by segment: odds."""

from __future__ import annotations

from pathlib import Path

import click

from commands.record import format_option, months_option, record_for
from commands.settings_file import config_option, which_option
from commands.terminal import show_words


@click.command()
@click.option("--goal", default="", metavar="NAME", help="Only this goal of the settings, and its earlier month ends.")
@click.option(
    "--by", default="segment", show_default=True, metavar="GROUPING", help="segment, or another grouping, such as plan."
)
@months_option
@format_option
@config_option
@which_option
def odds(goal: str, by: str, months: int | None, form: str, config: Path, which: str) -> None:
    """Print who reaches the goals of the settings, by segment.

    Rates from the latest month end whose window is over, with intervals, their ratio to and difference from all others,
    and what to do. CSV and JSON hold all month ends.
    """
    from reporting.goal_tables import advice_in_words, chosen_odds, odds_in_words, odds_json
    from reporting.goal_words import footnotes

    named = record_for(config, which, months)
    rows = chosen_odds(named.record, named.names, goal, by)
    if form == "csv":
        click.echo(rows.to_csv(index=False), nl=False)
    elif form == "json":
        click.echo(odds_json(named.record, named.names, rows, goal))
    else:
        show_words(odds_in_words(rows, every_period=bool(goal)))
        states = [state for state in named.record.goals if goal in ("", state.goal.name)]
        for line in (
            *advice_in_words(named.record, named.names, goal),
            *(f"{state.goal.name}: {state.goal.words}" for state in states),
            *(f"- {note}" for note in (*footnotes(states), *named.record.notes)),
        ):
            click.echo(line)
