"""The output of commands: tables, explanations and progress, styled on a terminal and plain elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from segment_model.errors import percent

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from jobs.score import CustomerExplanation
    from segment_model.cards import SegmentCard, SegmentLabel
    from segment_model.counterfactual.what_would_change import WhatWouldChange
    from segment_model.model import SegmentModel
    from training.progress import Announce, Progress


def show_table(frame: pd.DataFrame) -> None:
    """A table for people: whole numbers with commas, shares as percentages."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, values in frame.items():
        heading = str(name).replace("_", " ")
        table.add_column(heading, justify="right" if values.dtype.kind in "if" else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(
            *(percent(v) if isinstance(v, float) else f"{v:,}" if isinstance(v, int) else str(v) for v in row)
        )
    _console(width=None if sys.stdout.isatty() else 140).print(table)


def show_words(frame: pd.DataFrame) -> None:
    """A table of texts; columns of numbers, whose texts begin with a digit, are aligned to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, values in frame.items():
        are_numbers = any(text[:1].isdigit() for text in values) and not any(text[:1].isalpha() for text in values)
        table.add_column(str(name), justify="right" if are_numbers else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*row)
    _console(width=None if sys.stdout.isatty() else 140).print(table)


def show_cards(model: SegmentModel) -> None:
    """The model's segments, one row each."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("segment", "customers", "share", "typically", "id"):
        table.add_column(heading, justify="right" if heading in ("customers", "share") else "left", overflow="fold")
    for card in model.cards:
        table.add_row(card.name, f"{card.size:,}", percent(card.share), card.typically, card.id)
    _console(width=None if sys.stdout.isatty() else 140).print(table)
    for card in model.cards:
        if label := model.overlay.get(card.id):
            show_label(card, label)


def show_label(card: SegmentCard, label: SegmentLabel) -> None:
    """Who named a segment and when, and the notes on it."""
    if label.signature or label.notes:
        signed = f" (named by {label.signature})" if label.signature else ""
        notes = f": {label.notes}" if label.notes else ""
        click.echo(f"{card.name}{signed}{notes}")


def _console(**options: Any) -> Console:
    """A console that prints text as it is: a name may hold what rich takes for markup or for an emoji."""
    from rich.console import Console

    return Console(markup=False, emoji=False, **options)


def show_explanation(explanation: CustomerExplanation) -> None:
    """The segment, the sentence, and each reason with its contribution."""
    title = "unassigned; nearest" if explanation.unassigned else "segment"
    segment = f"{explanation.segment_name!r} ({explanation.segment_id})"
    click.echo(f"{explanation.customer}: {title} {segment}, strength {explanation.strength:.2f}")
    click.echo(explanation.sentence)
    if explanation.rival_id is None:
        return
    click.echo(f"why not {explanation.rival_id}: score {explanation.score:.3f}, base {explanation.base:.3f}")
    for reason in explanation.reasons:
        click.echo(f"  {reason.contribution:+9.3f}  {reason.words}")


def show_change(model: SegmentModel, segment_id: str, change: WhatWouldChange) -> None:
    """The changes that take a customer to a segment, or the reason why none does."""
    name = model.names[model.position(segment_id)]
    if not change.reachable:
        click.echo(f"no way to {name!r} ({segment_id}): {change.reason}")
    elif not change.changes:
        click.echo(f"already in {name!r} ({segment_id})")
    else:
        how = "the smallest change" if change.exact else "the smallest change that a search found"
        click.echo(f"{how} that leads to {name!r} ({segment_id}), {change.distance:.3f} away:")
        for step in change.changes:
            click.echo(f"  {step.words}{', which follows' if step.follows else ''}")


@contextmanager
def progress() -> Iterator[tuple[Announce, Progress]]:
    """A bar on a terminal, plain lines elsewhere."""
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as ProgressBar

    console = _console(highlight=False, soft_wrap=True)
    if not console.is_terminal:

        def plain(done: int, total: int, what: str) -> None:
            click.echo(f"  [{done + 1}/{total}] {what}")

        yield click.echo, plain
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with ProgressBar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("working", total=None)

        def announce(text: str) -> None:
            bar.console.print(text)
            bar.update(task, description=text.splitlines()[0][:60], total=None)

        def step(done: int, total: int, what: str) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield announce, step
