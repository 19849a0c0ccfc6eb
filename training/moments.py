"""Reads the moments of the settings: a date or a time, never a bare number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from pydantic import ValidationError

from features.settings_words import A_MOMENT


def read_moment(entered: object, parse: Callable[[object], date | datetime]) -> date | datetime | None:
    """The moment that a setting holds, by pydantic's `parse`; None where it is left empty.

    A number is refused: pydantic would read 2026, and the text "2026", as seconds since 1970, where the user means a
    year.

    Raises
    ------
    ValueError
        If it is no moment, with one message in place of pydantic's two for the two types.
    """
    if entered is None:
        return None
    try:
        if isinstance(entered, date) or (isinstance(entered, str) and not _is_number(entered)):
            return parse(entered)
    except ValidationError:
        pass
    raise ValueError(f"must be {A_MOMENT}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
