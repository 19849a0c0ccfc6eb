"""The block `analytics` of the settings: what the analyst's record covers, and which definitions its figures use."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, ValidatorFunctionWrapHandler, field_validator

from features.settings import Settings as Block
from features.settings_words import Expected
from training.moments import read_moment


class WrittenSegments(Block):
    """The table into which `segments assign --to postgres:VARIABLE` writes the segment of each customer."""

    postgres: Annotated[str, Expected("the name of an environment variable, never the URL itself")] = Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="the NAME of the environment variable that holds the PostgreSQL URL, never the URL itself",
    )
    table: str = Field("customer_segments", description="TABLE or SCHEMA.TABLE")


class AnalyticsSettings(Block):
    """What the record of money, movements, retention and growth by segment covers."""

    months: int = Field(12, ge=1, le=120, description="how many months it covers, the last ones that are over")
    observed_until: date | datetime | None = Field(
        None,
        description="the moment until which your tables are complete: a term that ends at or after it still runs, and "
        "a month that is not over by then has no figures; by default `as_of`",
    )
    compare: tuple[str, ...] | None = Field(
        None,
        description="columns of text or flags of the vector to compare by, such as `[plan, country]`; by default the "
        "plan and the first two categories of `customers` that are not sensitive",
    )
    margin: float | None = Field(
        None,
        gt=0,
        le=1,
        description="share of the money that is margin, for lifetime values; by default they are of all money",
    )
    representatives: bool = Field(
        True,
        description="show ids and values of a few typical customers of each segment, in the report and so in MLflow",
    )
    floor: int = Field(
        10,
        ge=1,
        description="a group of fewer customers shows no rate, and the report does not say whether it grew or shrank",
    )
    cohorts: Literal["month", "quarter"] = Field("month", description="the length of the cohorts' periods")
    reactivation_in_nrr: bool = Field(False, description="whether returning customers count in net revenue retention")
    churn_denominator: Literal["start", "start_and_new"] = Field(
        "start", description="customer churn is a share of those at the start, or of these and those who came meanwhile"
    )
    written: WrittenSegments | None = Field(
        None,
        description="the table of `segments assign --to`: at a month end for which it has rows of this model, "
        "the segments are those of its rows; by default today's model computes all month ends",
    )
    horizon_months: int = Field(36, ge=1, le=240, description="how far lifetime value by the survival curve looks")

    @field_validator("observed_until", mode="wrap")
    @classmethod
    def _a_moment(cls, value: object, parse: ValidatorFunctionWrapHandler) -> date | datetime | None:
        return read_moment(value, parse)
