"""Long work asks between its steps whether to go on; why it may have to stop is its caller's business."""

from __future__ import annotations

from collections.abc import Callable

# Called every few milliseconds of work; what it raises ends the work, and reaches whoever began it.
Check = Callable[[], None]


def go_on() -> None:
    """The check of work that may take as long as it takes."""
