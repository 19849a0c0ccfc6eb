"""What a discovery knows of a segment beyond the model: money, trend and example customers, for people to read."""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, Field

from serving.contracts.wire_model import WireModel


class MoneyInsight(WireModel):
    """An amount of money of a segment."""

    title: str
    unit: str
    amount: float
    share: float | None = Field(None, description="Of everyone's, 0..1.")


class TrendPoint(WireModel):
    """The size of a segment at a month end."""

    month: str = Field(description="The month that ends, such as 2017-12.")
    customers: int
    short_history: bool = Field(
        False,
        description="The tables reach less far back than in training: not comparable.",
        validation_alias=AliasChoices("short_history", "hollow"),  # as runs of before call it
    )


class ExampleValue(WireModel):
    """A value of an example customer, in words."""

    title: str
    value: str


class ExampleInsight(WireModel):
    """An example customer of the segment, from training."""

    customer: str
    why: Literal["typical", "border"] = Field(description="border: the one nearest to another segment.")
    values: list[ExampleValue]


class SegmentInsight(WireModel):
    """The figures of a segment, as of its discovery."""

    money: list[MoneyInsight] = Field(default_factory=list)
    churn_rate: float | None = Field(None, description="Of customers a month, 0..1; null where it is not known.")
    trend: list[TrendPoint] = Field(default_factory=list)
    examples: list[ExampleInsight] = Field(default_factory=list)


class Insights(WireModel):
    """The file `insights.json` of a run."""

    format: Literal[1]
    segments: dict[str, SegmentInsight]
