"""`GET /model`: the model in service and the features it expects."""

from __future__ import annotations

from typing import Any

from segment_model.contract import Column
from segment_model.encoding.encoder import MISSING_LEVEL, Encoder
from serving.contracts.responses import ModelResponse
from serving.model.served_model import ServedModel
from serving.routing.context import Context
from serving.routing.route import Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.strict_json import dump


def describe_model(served: ServedModel) -> dict[str, Any]:
    """Version, digest and the features that a customer must have."""
    return {
        "name": served.name,
        "model_version": served.version,
        "digest": served.model.digest,
        "learned_digest": served.model.learned_digest,
        "source": served.source,
        "algorithm": served.model.assigner.ALGORITHM,
        "features": _features(served.model.contract.columns, served.model.encoder),
        "conditions": dict(served.model.provenance.get("conditions", {})),
    }


def _features(columns: tuple[Column, ...], encoder: Encoder) -> list[dict[str, Any]]:
    ends = zip(encoder.numbers.lower.tolist(), encoder.numbers.upper.tolist(), strict=True)
    ranges = dict(zip(encoder.numbers.names, ends, strict=True))
    levels = {
        category.name: [level for level in category.levels if level != MISSING_LEVEL] for category in encoder.categories
    }
    return [
        {
            "name": column.name,
            "kind": column.kind.value,
            "role": column.role.value,
            "unit": column.unit,
            "nullable": column.nullable,
            "required": column.role.value == "basis",
            "expected": column.expected,
            "description": column.description,
            "title": column.title,
            "least": ranges.get(column.name, (None, None))[0],
            "most": ranges.get(column.name, (None, None))[1],
            "levels": levels.get(column.name),
        }
        for column in columns
    ]


def _answer(context: Context, _: None, __: Deadline) -> Answer:
    return Answer(dump(describe_model(context.served())))


ROUTE = Route(
    "GET",
    "/model",
    "The model in service and the features it expects",
    _answer,
    response=ModelResponse,
    refusals=(503,),
)
