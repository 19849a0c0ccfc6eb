"""The block `features.rfm.score_edges`: where each of the R, F and M scores begins."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from features.settings_block import Settings

FIFTHS = (0.2, 0.4, 0.6, 0.8)
Edges = Annotated[tuple[float, ...], Field(min_length=1, max_length=99)]


class ScoreEdges(Settings):
    """Where scores begin; n edges make n + 1 scores.

    A rule alone, such as `quantile_plus_one`, stands for the block `{rule: quantile_plus_one}`.
    """

    rule: Literal["quantile", "quantile_plus_one"] = Field(
        "quantile",
        description="learned edges lie at quantiles of the training customers, or one whole unit above them with the "
        "lower bound included (as the R package rfm does)",
    )
    quantiles: Edges = Field(
        FIFTHS,
        description="the shares of customers below the learned edges, rising; the default makes scores of 1 to 5",
    )
    recency: Edges | None = Field(None, description="fixed edges of the R score in days, rising, instead of learned")
    frequency: Edges | None = Field(None, description="fixed edges of the F score, rising")
    monetary: Edges | None = Field(None, description="fixed edges of the M score, rising")
    closed: Literal["right", "left"] = Field(
        "right",
        description="whether an edge belongs to the range below it, `(30, 90]`, or to the one above, `[30, 90)`",
    )
    ties: Literal["together", "first"] = Field(
        "together",
        description="equal values get one score; or, in training, the customer with the lower id comes first (as "
        'rank(method="first") before qcut in pandas)',
    )

    @model_validator(mode="before")
    @classmethod
    def _rule_alone(cls, entered: Any) -> Any:
        return {"rule": entered} if isinstance(entered, str) else entered

    @field_validator("quantiles", "recency", "frequency", "monetary")
    @classmethod
    def _rising(cls, edges: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if edges is not None and not all(a < b for a, b in pairwise(edges)):
            raise ValueError("must rise: each number larger than the one before")
        return edges

    @field_validator("quantiles")
    @classmethod
    def _shares(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if not (shares[0] > 0 and shares[-1] < 1):
            raise ValueError("must be shares between 0 and 1, both left out, such as [0.25, 0.5, 0.75]")
        return shares

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if self.rule == "quantile_plus_one" and (self.ties == "first" or self.closed == "left"):
            raise ValueError("`closed` and `ties` go with the rule quantile; quantile_plus_one says both by itself")
        return self

    def fixed(self, measure: str) -> tuple[float, ...] | None:
        """The fixed edges of "recency", "frequency" or "monetary"; None where they are learned."""
        edges: tuple[float, ...] | None = getattr(self, measure)
        return edges

    def levels(self, measure: str) -> int:
        """The number of scores of a measure."""
        return len(self.fixed(measure) or self.quantiles) + 1
