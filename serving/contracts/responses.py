"""The bodies of successful answers, from which the OpenAPI document is generated."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from serving.contracts.insights import SegmentInsight
from serving.contracts.wire_model import WireModel


class _OneOfTheAlgorithms:
    """Lists the registered algorithms in the JSON schema, whenever that is generated."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "enum": list(_algorithms())}


def _algorithms() -> tuple[str, ...]:
    # imported on first use: only the OpenAPI document needs the assigners
    from segment_model.assigners.all_assigners import algorithms

    return algorithms()


def _known(name: str) -> str:
    if name not in _algorithms():
        raise ValueError(f"{name!r} is none of the algorithms {', '.join(_algorithms())}")
    return name


AlgorithmName = Annotated[str, AfterValidator(_known), _OneOfTheAlgorithms()]


class Contribution(WireModel):
    """What one feature adds to the score."""

    feature: str
    value: float | str | bool | None = Field(description="As it was sent, in `unit`.")
    unit: str
    contribution: float = Field(description="SHAP value; positive speaks for `toward`.")
    words: str | None = Field(
        None,
        description="The value as the model counts it, beside what is typical of both segments. Only with `words`.",
        examples=["frequency: 3 orders, where this segment typically has 11 and the other 2"],
    )


class NameMisfit(WireModel):
    """A word of the segment's name that does not hold for the customer, by the value of one feature."""

    word: str = Field(description="Of the name.", examples=["lapsed"])
    feature: str
    value: float | str | bool = Field(description="As it was sent, in `unit`.", examples=[1])
    unit: str
    claims: str = Field(description="What the word claims of the feature.", examples=["at least 180 days"])
    words: str | None = Field(
        None,
        description="The misfit in words. Only with `words`.",
        examples=["time since the last order: 1 day, where 'lapsed' says at least 180 days"],
    )


class Explanation(WireModel):
    """Why `toward` rather than `against`: base + the contributions = score."""

    toward: str = Field(description="Id of the nearest segment.")
    against: str | None = Field(
        description="Id of the runner-up, or the one sent to `/contrast`; null where there is one segment only."
    )
    base: float = Field(description="Mean score over the training customers.")
    score: float = Field(description="By how much `toward` is nearer than `against`; the unit is the algorithm's.")
    contributions: list[Contribution]
    name_misfits: list[NameMisfit] | None = Field(
        None,
        description="The words of the name of `toward` that do not hold for the customer; a missing value contradicts "
        "nothing. Absent where the model does not know what the name claims: an older model, or a name that people "
        "gave.",
    )


class Assignment(WireModel):
    """The answer for one customer."""

    id: str
    segment_id: str | None = Field(description="Durable id of the segment; null when unassigned.")
    segment_name: str | None
    strength: float = Field(
        ge=0, le=1, description="0 on the border with the runner-up, 1 at the centre of the segment."
    )
    runner_up_id: str | None = Field(description="Null where there is one segment only.")
    nearest_id: str = Field(description="The nearest segment, also when unassigned.")
    distance: float | None = Field(
        description="To the nearest segment, in encoded units; null beyond double precision."
    )
    unassigned: bool = Field(
        description="True where the customer belongs to no segment; never under the policy `nearest`."
    )
    novel: bool = Field(description="True where a value lies far outside what training saw.")
    unseen: list[str] = Field(description="Features whose category training never saw.")
    kept_by_hysteresis: bool | None = Field(
        None,
        description="True where the customer stays in the previous segment, though `nearest_id` is nearer. Only where "
        "a previous segment was sent.",
    )
    previous_segment_id: str | None = Field(
        None,
        description="The segment that was sent, or the one that took over most of its customers in the last retrain; "
        "null where the model knows neither, and nothing was kept. Only where one was sent.",
    )
    conditions: dict[str, bool] | None = Field(
        None,
        description="Whether the customer meets each condition that was asked for; a missing value meets nothing. Only "
        "with `conditions`.",
    )
    explanation: Explanation | None = Field(None, description="Only with `explain`.")


class AssignResponse(WireModel):
    """One assignment a customer, in the order of the request."""

    model_version: str
    assignments: list[Assignment]


class RecordAssignment(Assignment):
    """The answer for one customer, with the vector that the rows came to."""

    features: dict[str, float | str | None]


class RecordsResponse(WireModel):
    """One assignment a customer, in the order of the request."""

    model_version: str
    as_of: str
    rows: dict[str, dict[str, int]] = Field(description="By table: rows read, and rows left out by reason.")
    assignments: list[RecordAssignment]


class FeatureChange(WireModel):
    """One feature that changes, in `unit`."""

    feature: str
    before: float | str | None
    after: float | str | None
    unit: str
    words: str
    follows: bool = Field(description="True where it moves by definition with others.")


class ChangeResponse(WireModel):
    """The smallest change; the model has assigned the changed customer again before this answer."""

    model_version: str
    id: str
    segment_id: str | None = Field(description="The customer's segment as it is; null when unassigned.")
    to: str
    reachable: bool = Field(alias="found")
    reason: str = Field(description="Why there is no such change; empty where there is one.")
    changes: list[FeatureChange] = Field(description="Empty where the customer is in the segment already.")
    distance: float | None = Field(description="Length of the move, in encoded units; null where there is no change.")
    least_distance: float | None = Field(
        description="The length of the smallest move, before rounding to values that people use; null where the change "
        "was found by search."
    )
    exact: bool = Field(description="True where no other whole numbers and categories make a smaller change.")
    features: dict[str, float | str | None] | None = Field(
        description="The customer with the change, as `/assign` takes it; null where there is no change."
    )


class Place(WireModel):
    """A place on the plane; only distances have a meaning, the axes have no unit."""

    id: str
    x: float
    y: float


class MapResponse(WireModel):
    """The segments' centres on the plane in which they differ most."""

    model_version: str
    kept: float = Field(description="The share of the differences between segments that the plane shows, 0..1.")
    segments: list[Place]


class PlacesResponse(WireModel):
    """One place a customer, in the order of the request."""

    model_version: str
    customers: list[Place]


class Difference(WireModel):
    """What sets a segment apart in one feature."""

    feature: str
    words: str
    effect: float = Field(description="The segment's mean minus everyone's, in standard deviations.")
    typical: float | str | None
    overall: float | str | None


class Segment(WireModel):
    """A segment's card."""

    id: str
    name: str
    sentence: str
    notes: str
    size: int = Field(description="Training customers in it.")
    share: float = Field(description="Of all training customers, 0..1.")
    medians: dict[str, float | str | None] = Field(description="Median (or most common) value of each feature.")
    differences: list[Difference]
    insight: SegmentInsight | None = Field(
        description="What its discovery stored for people: money, trend, examples; null where nothing is stored."
    )


class SegmentsResponse(WireModel):
    """All segments of the model."""

    model_version: str
    has_report: bool = Field(description="Whether `GET /report` shows a page.")
    finds_customers: bool = Field(description="Whether `POST /find_customer` has a file to look in.")
    segments: list[Segment]


class FoundCustomer(WireModel):
    """A customer of the file of assignments."""

    model_version: str
    id: str
    segment_id: str | None = Field(description="As the file has it; null for the unassigned.")
    segment_name: str | None = Field(description="Its present name; null where the model has no such segment.")
    strength: float | None
    assigned_by: str | None = Field(description="The version that assigned the customer.")


class Feature(WireModel):
    """A feature that the model expects."""

    name: str
    kind: Literal["number", "count", "share", "flag", "category"]
    role: Literal["basis", "descriptor"]
    unit: str
    nullable: bool
    required: bool = Field(description="Basis features must be in every request; descriptors need not.")
    expected: str = Field(description="What a value must be, in words.")
    description: str
    title: str = Field(description="What people call it.")
    least: float | None = Field(description="The range that training looked at; null for categories and descriptors.")
    most: float | None
    levels: list[str] | None = Field(description="The categories that training kept; null for numbers and descriptors.")


class ModelResponse(WireModel):
    """The model in service."""

    name: str
    model_version: str
    digest: str = Field(description="Covers every byte of the model: the artefact digest.")
    learned_digest: str = Field(
        description="Covers what decides an answer, not ids, names, times or lineage: equal where two models learned "
        "the same."
    )
    source: str = Field(description="Where it was loaded from.")
    algorithm: AlgorithmName
    features: list[Feature]
    conditions: dict[str, str] = Field(
        description="The named conditions that `/assign` answers, each with its text; empty where the discovery's "
        "settings had none."
    )


class Probe(WireModel):
    """The answer of a probe."""

    status: Literal["alive", "ready"]
