"""The block `goals` of the settings: what customers do that the business hopes for, or fears."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, ValidatorFunctionWrapHandler, field_validator, model_validator

from features.conditions.checked_text import ConditionText
from features.settings import Settings as Block
from training.moments import read_moment


class GoalSettings(Block):
    """A goal: a row of a table that meets a condition, or a ready-made outcome, within so many days of a month end."""

    table: Literal["orders", "events", "subscriptions"] | None = Field(
        None, description="a row of this table reaches the goal, a term by its start. Not with `outcome`"
    )
    condition: ConditionText | None = Field(
        None,
        description="a [condition](#conditions) over our columns of the table that the row meets; by default any row "
        "does",
    )
    outcome: Literal["churned", "upgraded", "trial_bought"] | None = Field(
        None,
        description="in place of `table`, of subscriptions: `churned` (MRR at the start, none at the end of the "
        "window), `upgraded` (more MRR at the end than at the start), `trial_bought` (a trial runs at the start, and a "
        "paid term starts in the window)",
    )
    within_days: int = Field(90, ge=1, le=3650, description="the length of the window, in days of the calendar")
    better: Literal["high", "low"] | None = Field(
        None, description="whether a high or a low rate is hoped for; by default low for `churned`, else high"
    )
    target: float | None = Field(
        None, ge=0, le=1, description="the share of customers aimed at: at least, or at most where low is better"
    )
    by: date | None = Field(None, description="the day until which the target is to be reached; only with `target`")
    title: str | None = Field(
        None,
        min_length=1,
        max_length=60,
        description="what pages call the goal, such as `bought an add-on`; by default its name",
    )
    effect: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="the smallest difference between two arms of an experiment that matters, such as 0.02: "
        "`segments effects` prints with which probability so many customers show it (power)",
    )

    @property
    def hoped_for(self) -> Literal["high", "low"]:
        """Whether a high or a low rate is better."""
        return self.better or ("low" if self.outcome == "churned" else "high")

    @property
    def of_table(self) -> Literal["orders", "events", "subscriptions"]:
        """The table that the goal is computed from."""
        return self.table or "subscriptions"

    @field_validator("by", mode="wrap")
    @classmethod
    def _a_day(cls, value: object, parse: ValidatorFunctionWrapHandler) -> date | None:
        return read_moment(value, parse)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.table is None) == (self.outcome is None):
            raise ValueError("a goal has either a table, with a condition, or an outcome such as churned")
        if self.condition is not None and self.table is None:
            raise ValueError(f"a condition belongs to a table; the outcome {self.outcome} has none")
        if self.by is not None and self.target is None:
            raise ValueError("`by` is the day of a target; add `target`, or leave it out")
        return self
