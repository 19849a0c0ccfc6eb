"""The `sweep` block of the settings: the search space, the number of trials, and the objective."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from features.settings import Settings as Block
from features.settings_words import Expected
from segment_model.errors import shown

A_VARIATION = "a list of choices, or a range such as {low: 2, high: 8}"
LARGEST = 2**53  # beyond it not every whole number is a float

Objective = Literal["trust", "silhouette", "recovered", "stability", "gap_share"]


class SweepRange(Block):
    """Numbers from `low` to `high`, both included; whole ones if all that is given is whole."""

    low: int | float = Field(description="the least value")
    high: int | float = Field(description="the largest value")
    log: bool = Field(False, description="as many trials between 1 and 10 as between 10 and 100; not with `step`")
    step: int | float | None = Field(
        None, gt=0, description="only `low`, `low` + `step`, ...; empty: any value between"
    )

    @model_validator(mode="after")
    def _consistent(self) -> SweepRange:
        if not all(abs(number) <= LARGEST for number in (self.low, self.high, self.step or 0)):
            raise ValueError(f"low, high and step must be at most {LARGEST:,} (2^53)")
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be less than high ({self.high})")
        if self.log and self.step is not None:
            raise ValueError("log and step do not go together; leave one out")
        if self.log and self.low <= 0:
            raise ValueError(f"with log, low ({self.low}) must be more than 0")
        return self

    @property
    def whole(self) -> bool:
        """Whether the range holds whole numbers only."""
        return isinstance(self.low, int) and isinstance(self.high, int) and not isinstance(self.step, float)


def _form(value: object) -> str | None:
    if isinstance(value, list | tuple):
        return "choices"
    return "range" if isinstance(value, dict | SweepRange) else None


Variation = Annotated[
    Annotated[tuple[Any, ...], Field(min_length=1), Tag("choices")] | Annotated[SweepRange, Tag("range")],
    Discriminator(
        _form,
        custom_error_type="variation",
        custom_error_message=f"must be {A_VARIATION}",
    ),
    Expected(A_VARIATION),
]


class SweepSettings(Block):
    """What `segments sweep` varies."""

    space: dict[str, Variation] = Field(
        min_length=1, description="by dotted path of a setting: a list of choices, or a range"
    )
    trials: int = Field(30, ge=1, description="how many settings to try; fewer if the space holds no more")
    seed: int = Field(
        0, ge=0, description="random seed of the sampler; the same seed tries the same settings in the same order"
    )
    objective: Objective = Field("trust", description="the figure to maximise")
    minutes: float | None = Field(
        None, gt=0, description="time limit: no trial starts after it; the same command continues"
    )

    @field_validator("space")
    @classmethod
    def _plain_choices(cls, value: dict[str, Variation]) -> dict[str, Variation]:
        return {
            path: variation if isinstance(variation, SweepRange) else _plain(path, variation)
            for path, variation in value.items()
        }


def _plain(path: str, choices: tuple[Any, ...]) -> tuple[Any, ...]:
    """The choices as a trial stores them: plain JSON values, dates as text.

    Raises
    ------
    ValueError
        If a choice is no plain value, or stands twice.
    """
    try:
        texts = [json.dumps(choice, sort_keys=True, default=_moment) for choice in choices]
    except TypeError as error:
        raise ValueError(f"{path!r} has a choice that is no plain value, such as a number or text: {error}") from error
    if twice := sorted({text for text in texts if texts.count(text) > 1}):
        raise ValueError(f"{path!r} has a choice twice: {', '.join(twice)}")
    return tuple(json.loads(text) for text in texts)


def _moment(value: object) -> str:
    if isinstance(value, date):  # also with a time of day
        return value.isoformat()
    raise TypeError(shown(value))
