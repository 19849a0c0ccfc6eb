"""A check that long work calls between its steps. The caller decides when to stop, by raising from it."""

from __future__ import annotations

from collections.abc import Callable

# Called every few milliseconds of work; an exception from it ends the work and reaches the caller.
Check = Callable[[], None]


def go_on() -> None:
    """The check of work without a time limit: it never raises."""
