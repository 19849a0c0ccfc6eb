"""The `features` block of the YAML file, the conventions by which raw tables become one vector a customer; and the
`sources` block, from `features.source_settings`."""

from __future__ import annotations

from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from features.scores.score_edges import ScoreEdges
from features.settings_block import Settings
from features.source_settings import Attribute, CustomersSource, Sources, TableSource, VectorsSource
from segment_model.contract import Role

__all__ = [
    "Attribute",
    "AttributeSettings",
    "CustomersSource",
    "FeatureSettings",
    "RfmSettings",
    "ScoreEdges",
    "Settings",
    "Sources",
    "TableSource",
    "UsageSettings",
    "VectorsSource",
    "Words",
]


class RfmSettings(Settings):
    """Conventions of recency, frequency and monetary value; published tables legitimately differ in them."""

    refunds: Literal["dropped", "netted", "kept"] = Field(
        "dropped",
        description="rows with a negative amount: left out; subtracted from the money but no purchase; or as any row",
    )
    zero_amounts: Literal["kept", "dropped"] = Field("kept", description="rows with an amount of exactly 0")
    frequency: Literal["orders", "lines", "active_days"] = Field("orders", description="what `frequency` counts")
    duplicates: Literal["kept", "dropped"] = Field("kept", description="rows equal in every column of your table")
    recency: Literal["calendar_days", "elapsed_days"] = Field(
        "calendar_days",
        description="recency and tenure in days of the calendar, or in whole elapsed days of 24 hours, for which the "
        "time of day of `as_of` and of the order counts",
    )
    monetary: bool = Field(True, description="false for orders without money: recency and frequency alone")
    scores: bool = Field(True, description="add R, F and M scores, from 1 to 5 unless `score_edges` says otherwise")
    score_edges: ScoreEdges = Field(
        ScoreEdges(), description="where scores begin: a block, or a rule alone (quantile or quantile_plus_one)"
    )
    cdnow_summary: bool = Field(False, description="add the columns of the CDNOW summary (BTYD models)")

    @model_validator(mode="after")
    def _edges_of_money(self) -> Self:
        if not self.monetary and self.score_edges.monetary is not None:
            raise ValueError("orders without money have no M score: leave out score_edges.monetary, or monetary: false")
        return self


class UsageSettings(Settings):
    """Conventions of the usage columns."""

    session_gap_minutes: int = Field(30, ge=1, le=24 * 60, description="a longer silence starts a new session")


class AttributeSettings(Settings):
    """Conventions of the attributes and of every other category column."""

    rare_share: float = Field(
        0.01, ge=0, lt=0.5, description="categories of a smaller share of the known values are pooled as 'other'"
    )


class Words(Settings):
    """What people of this business call a column; what is left out stays as it is."""

    label: str | None = Field(None, description="the column's name in sentences")
    unit: str | None = Field(None, description="unit shown after a value")
    low: str | None = Field(None, description="plain words for a low value, for the names of segments")
    high: str | None = Field(None, description="plain words for a high value")


class FeatureSettings(Settings):
    """How raw tables become one vector a customer."""

    time_zone: str = Field("UTC", description="days are this zone's; timestamps without a zone are its wall clock")
    currency: str = Field("USD", description="the unit of money, for display only")
    rfm: RfmSettings = Field(RfmSettings(), description="conventions of recency, frequency and money")
    usage: UsageSettings = Field(UsageSettings(), description="conventions of usage")
    attributes: AttributeSettings = Field(AttributeSettings(), description="conventions of categories")
    roles: dict[str, Role] = Field(default_factory=dict, description="overrides of the default roles, by column")
    words: dict[str, Words] = Field(default_factory=dict, description="overrides of the default words, by column")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not a time zone; write for example UTC or Europe/Berlin") from error
        return value
