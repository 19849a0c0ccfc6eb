"""What the commands show: tables, explanations and progress, on a terminal or as plain lines elsewhere.

Heavy imports wait inside the functions, as in all of this package.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from segment_model.model import SegmentModel


def show_table(frame: pd.DataFrame) -> None:
    """A table for people: whole numbers with commas, shares as percentages."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, values in frame.items():
        heading = str(name).replace("_", " ")
        table.add_column(heading, justify="right" if values.dtype.kind in "if" else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(
            *(f"{v:.1%}" if isinstance(v, float) else f"{v:,}" if isinstance(v, int) else str(v) for v in row)
        )
    _console(width=None if sys.stdout.isatty() else 140).print(table)


def show_cards(model: SegmentModel) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("segment", "customers", "share", "typically", "id"):
        table.add_column(heading, justify="right" if heading in ("customers", "share") else "left", overflow="fold")
    for card in model.cards:
        typically = card.sentence.partition("; typically ")[2] or card.sentence
        table.add_row(card.name, f"{card.size:,}", f"{card.share:.1%}", typically, card.id)
    _console(width=None if sys.stdout.isatty() else 140).print(table)


def _console(**options: Any) -> Console:
    """Where all of it is written: as it is, for a name may hold what rich takes for markup or for a picture."""
    from rich.console import Console

    return Console(markup=False, emoji=False, **options)


def show_explanation(model: SegmentModel, customer: pd.DataFrame, against: str | None) -> None:
    from segment_model.language.reasons import in_one_sentence, reasons

    answer = model.assign(customer).iloc[0]
    found = model.explain_table(customer, against)
    toward, other = int(found.toward[0]), int(found.against[0])
    title = "unassigned; nearest" if answer["unassigned"] else "segment"
    strength = f"strength {answer['strength']:.2f}"
    click.echo(f"{customer.index[0]}: {title} {model.names[toward]!r} ({model.ids[toward]}), {strength}")
    told = reasons(model, _record(customer), found)
    click.echo(in_one_sentence(told, model, toward, other))
    if other < 0:
        return
    click.echo(f"why not {model.ids[other]}: margin {found.score[0]:.3f}, base {found.base[0]:.3f}")
    for reason in told:
        click.echo(f"  {reason.contribution:+9.3f}  {reason.words}")


def show_change(model: SegmentModel, customer: pd.DataFrame, to: str, changeable: list[str]) -> None:
    from segment_model.counterfactual.what_would_change import what_would_change

    found = what_would_change(model, _record(customer), to, changeable)
    name = model.names[model.position(to)]
    if not found.reachable:
        click.echo(f"no way to {name!r} ({to}): {found.reason}")
    elif not found.changes:
        click.echo(f"already in {name!r} ({to})")
    else:
        how = "the smallest change" if found.exact else "the smallest change that a search found"
        click.echo(f"{how} that leads to {name!r} ({to}), {found.distance:.3f} away:")
        for change in found.changes:
            click.echo(f"  {change.words}{', which follows' if change.follows else ''}")


def _record(customer: pd.DataFrame) -> dict[str, Any]:
    """One row as plain values, None where missing."""
    row = customer.iloc[0].to_dict()
    return {str(name): None if value is None or value != value else value for name, value in row.items()}


@contextmanager
def progress() -> Iterator[tuple[Callable[[str], None], Callable[[int, int, str], None]]]:
    """A bar on a terminal, plain lines elsewhere."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = _console(highlight=False, soft_wrap=True)
    if not console.is_terminal:

        def plain(done: int, total: int, what: str) -> None:
            click.echo(f"  [{done + 1}/{total}] {what}")

        yield click.echo, plain
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("working", total=None)

        def announce(text: str) -> None:
            bar.console.print(text)
            bar.update(task, description=text.splitlines()[0][:60], total=None)

        def step(done: int, total: int, what: str) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield announce, step
