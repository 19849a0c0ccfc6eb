"""The text of a condition in the settings, checked as it is read."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from segment_model.errors import SettingsError


def checked_condition(text: str) -> str:
    """The text, if it is a condition.

    Raises
    ------
    ValueError
        If it is none, with what is wrong; pydantic names the key.
    """
    from features.conditions.parse import parse_condition  # imports sqlglot, which few commands need

    try:
        parse_condition(text)
    except SettingsError as error:
        raise ValueError(str(error)) from error
    return text


ConditionText = Annotated[str, AfterValidator(checked_condition)]
