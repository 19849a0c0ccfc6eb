"""The `features` block of the YAML file, the conventions by which raw tables become one vector a customer; and the
`sources` block, from `features.source_settings`."""

from __future__ import annotations

from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from features.scores.score_edges import ScoreEdges
from features.settings_block import Settings
from features.source_settings import Attribute, CustomersSource, Sources, TableSource, VectorsSource
from segment_model.contract import Role
from segment_model.errors import SettingsError

__all__ = [
    "Attribute",
    "CustomersSource",
    "FeatureSettings",
    "IdSettings",
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


class Words(Settings):
    """What people of this business call a column; what is left out stays as it is."""

    label: str | None = Field(None, description="the column's name in sentences")
    unit: str | None = Field(None, description="unit shown after a value")
    low: str | None = Field(None, description="plain words for a low value, for the names of segments")
    high: str | None = Field(None, description="plain words for a high value")


class IdSettings(Settings):
    """How the customer ids of several tables meet."""

    case: Literal["keep", "fold"] = Field("keep", description="fold: ids that differ only in case are one customer")
    leading_zeros: Literal["keep", "strip"] = Field("keep", description="strip: `00123` is the customer `123`")
    allow_disjoint: bool = Field(False, description="go on where tables share no id")

    @property
    def merges(self) -> bool:
        """Whether different ids of a table can be one customer."""
        return (self.case, self.leading_zeros) != ("keep", "keep")


class FeatureSettings(Settings):
    """How raw tables become one vector a customer."""

    time_zone: str = Field("UTC", description="days are this zone's; timestamps without a zone are its wall clock")
    currency: str = Field("USD", description="the unit of money, for display only")
    ids: IdSettings = Field(IdSettings(), description="how the customer ids of several tables meet")
    rfm: RfmSettings = Field(RfmSettings(), description="conventions of recency, frequency and money")
    usage: UsageSettings = Field(UsageSettings(), description="conventions of usage")
    roles: dict[str, Role] = Field(default_factory=dict, description="overrides of the default roles, by column")
    words: dict[str, Words] = Field(default_factory=dict, description="overrides of the default words, by column")

    @model_validator(mode="before")
    @classmethod
    def _pooled_once(cls, block: Any) -> Any:
        if isinstance(block, dict) and "attributes" in block:
            raise SettingsError(
                "features: attributes: rare_share is no more: rare levels are pooled in one place; write "
                "`discovery: encoding: rare_share` instead"
            )
        return block

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not a time zone; write for example UTC or Europe/Berlin") from error
        return value
