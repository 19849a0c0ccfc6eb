"""Shows the progress of a discovery: a bar on a terminal, plain lines on request, else nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.progress import Announce, Progress


@contextmanager
def shown_progress(verbose: bool | None) -> Iterator[tuple[Announce, Progress]]:
    """Functions that take sentences and steps.

    verbose : True prints plain lines on the standard error, False nothing; None shows a bar if that is a terminal.
    """
    if verbose is None and sys.stderr.isatty():
        with _bar() as functions:
            yield functions
        return
    if verbose:
        yield _print, lambda done, total, what: _print(f"  [{done + 1}/{total}] {what}")
        return
    yield (lambda _text: None), (lambda _done, _total, _what: None)


def _print(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201  (the lines that the caller asked for)


@contextmanager
def _bar() -> Iterator[tuple[Announce, Progress]]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as ProgressBar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with ProgressBar(*columns, console=Console(stderr=True, markup=False, emoji=False), transient=True) as bar:
        task = bar.add_task("discovering", total=None)

        def announce(text: str) -> None:
            bar.update(task, description=text.splitlines()[0][:60], total=None)

        def step(done: int, total: int, what: str) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield announce, step
