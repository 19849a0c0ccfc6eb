"""The `features` block of the YAML file, the conventions by which raw tables become one vector a customer; and the
`sources` block, from `features.source_settings`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from features.scores.score_edges import ScoreEdges
from features.settings_block import Settings
from features.settings_words import Expected
from features.source_settings import (
    Attribute,
    CustomersSource,
    ExperimentsSource,
    Name,
    Sources,
    SubscriptionsSource,
    TableSource,
    VectorsSource,
)
from segment_model.contract import Kind, Role
from segment_model.errors import SettingsError

MASTER_WORDS = Expected("the master of a Spark, such as local[2] or spark://HOST:7077")
MASTER_PATTERN = r"^(local(\[(\d+|\*)\])?|spark://[^\s]+|yarn|k8s://[^\s]+)$"

__all__ = [
    "Attribute",
    "CustomersSource",
    "EngineSettings",
    "ExperimentsSource",
    "FeatureSettings",
    "IdSettings",
    "OwnFeature",
    "RfmSettings",
    "ScoreEdges",
    "Settings",
    "Sources",
    "SubscriptionsSource",
    "TableSource",
    "UsageSettings",
    "VectorsSource",
    "Words",
]


class EngineSettings(Settings):
    """What computes on tables that are files, or tables of a catalogue."""

    spark: Annotated[str | None, MASTER_WORDS] = Field(
        None,
        pattern=MASTER_PATTERN,
        description="the master of a Spark: `local[2]`, `spark://HOST:7077`, `yarn`; by default an embedded DuckDB "
        "reads files ([Spark](spark.md))",
    )
    spark_options: dict[str, str] = Field(
        default_factory=dict, description="Spark's own settings, such as `spark.executor.memory: 8g`"
    )

    @model_validator(mode="after")
    def _options_of_spark(self) -> Self:
        if self.spark_options and self.spark is None:
            raise ValueError("`spark_options` are those of a Spark: name its master by `spark`, such as local[2]")
        return self


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
    window_days: int | None = Field(
        None,
        ge=1,
        description="how many days before `as_of` orders count, for counts, sums and the days between orders; recency "
        "and tenure look at all of them; by default all count",
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
    window_days: int | None = Field(
        None,
        ge=1,
        description="how many days before `as_of` events count, for the columns without a window of their own; the "
        "last event is looked for in all; by default all count",
    )
    counts: tuple[str, ...] = Field(
        (), description="names of events, such as `[purchase, invite_sent]`: a column counts each"
    )


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


class OwnFeature(Settings):
    """A feature of the user's own: an aggregate expression over a customer's rows of one table."""

    table: Literal["orders", "events", "subscriptions"] = Field(description="the table whose rows it is made of")
    expression: str = Field(description="an [aggregate expression](#own-features) over our columns of that table")
    kind: Kind = Field(description="`count`: not negative, 0 without rows; `share`: 0 to 1; `flag`; `number`")
    role: Role = Field(Role.DESCRIPTOR, description="basis: shapes the segments; descriptor: only describes them")
    unit: str = Field("", description="unit shown after a value, such as `days`")
    group: str = Field("own", description="its feature group, as of an attribute")
    label: str = Field("", description="the column's name in sentences")
    low: str = Field("", description="plain words for a low value, for the names of segments")
    high: str = Field("", description="plain words for a high value")
    description: str = Field("", description="a sentence for the documentation of the model")
    sensitive: bool = Field(
        False,
        description="may not shape segments nor appear in names and cards, unless `discovery.allow_sensitive`",
    )

    @field_validator("kind")
    @classmethod
    def _a_number(cls, kind: Kind) -> Kind:
        if kind is Kind.CATEGORY:
            raise ValueError("an own feature is a number, count, share or flag; a category comes from `customers`")
        return kind

    @field_validator("expression")
    @classmethod
    def _an_aggregate(cls, text: str) -> str:
        from features.conditions.aggregate_parse import parse_aggregate  # imports sqlglot, which few commands need

        try:
            parse_aggregate(text)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        return text


class FeatureSettings(Settings):
    """How raw tables become one vector a customer."""

    time_zone: str = Field("UTC", description="days are this zone's; timestamps without a zone are its wall clock")
    currency: str = Field("USD", description="the unit of money, for display only")
    ids: IdSettings = Field(IdSettings(), description="how the customer ids of several tables meet")
    rfm: RfmSettings = Field(RfmSettings(), description="conventions of recency, frequency and money")
    usage: UsageSettings = Field(UsageSettings(), description="conventions of usage")
    own: dict[Name, OwnFeature] = Field(
        default_factory=dict, description="features of your own, by the name of their column"
    )
    roles: dict[str, Role] = Field(default_factory=dict, description="overrides of the default roles, by column")
    words: dict[str, Words] = Field(default_factory=dict, description="overrides of the default words, by column")

    @model_validator(mode="before")
    @classmethod
    def _pooled_once(cls, block: Any) -> Any:
        if isinstance(block, dict) and "attributes" in block:
            raise SettingsError(
                "features.attributes.rare_share has moved, because rare levels are pooled in one place: write "
                "`discovery: {encoding: {rare_share: ...}}` instead"
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
