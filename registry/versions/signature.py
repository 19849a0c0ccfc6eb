"""The MLflow signature of a model: numbers are doubles, categories are strings.

MLflow itself would refuse whole numbers, nullable integers, booleans and categories where a double or a string is
declared. `registry/scoring_model.py` casts them before.
"""

from __future__ import annotations

from typing import Any

from registry.connection import load_mlflow
from segment_model.contract import Role, VectorContract
from segment_model.explanation.explainer import CONTRIBUTION

ANSWER = {
    "segment_id": "string",
    "segment_name": "string",
    "strength": "double",
    "runner_up_id": "string",
    "unassigned": "boolean",
    "novel": "boolean",
    "model_version": "string",
}
NULLABLE_ANSWERS = frozenset({"segment_id", "segment_name", "runner_up_id"})


def signature_of(contract: VectorContract) -> Any:
    """The `ModelSignature` of a model: numbers are doubles, categories strings; nullable columns are optional."""
    load_mlflow()
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    inputs: list[Any] = [
        ColSpec("string" if c.is_category else "double", c.name, required=c.role is Role.BASIS and not c.nullable)
        for c in contract.columns
    ]
    outputs: list[Any] = [ColSpec(kind, name, required=name not in NULLABLE_ANSWERS) for name, kind in ANSWER.items()]
    explained = ["base", "score", *(f"{CONTRIBUTION}{column.name}" for column in contract.basis)]
    outputs += [ColSpec("double", name, required=False) for name in explained]
    return ModelSignature(Schema(inputs), Schema(outputs), ParamSchema([ParamSpec("explain", "boolean", False)]))
