"""The MLflow signature of a model, and the cast of customers to the types that it declares.

MLflow checks dtypes before our code sees a frame: where a double or a string is declared, it refuses whole numbers,
nullable integers, booleans and categories. So callers of a pyfunc cast with `as_declared` first; the model's own reader
then checks the values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from registry.connection import load_mlflow
from segment_model.contract import Column, Role, VectorContract
from segment_model.encoding.reader import holds_numbers, plain_of
from segment_model.errors import ContractError, InputError, Problem, shown
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


def as_declared(customers: pd.DataFrame, contract: VectorContract) -> pd.DataFrame:
    """The same customers in the declared types: float64 (n,) for numbers, text or None for categories; index kept.

    Nothing is converted by guess: "5" is not a number, 5 is not a category, and true is 1 in a flag alone.

    Raises
    ------
    ContractError
        If a basis column is absent or a column is unknown.
    InputError
        If a value is neither missing nor of its column's kind.
    """
    contract.check_names(str(name) for name in customers.columns)
    if not customers.columns.is_unique:
        twice = sorted({str(name) for name in customers.columns[customers.columns.duplicated()]})
        raise ContractError(f"columns appear more than once: {', '.join(twice)}. Keep one of each.")
    columns = [column for column in contract.columns if column.name in customers.columns]
    cast = {c.name: (_texts if c.is_category else _numbers)(customers[c.name], c) for c in columns}
    return pd.DataFrame(cast, index=customers.index)


def _numbers(series: pd.Series[Any], column: Column) -> pd.Series[Any]:
    plain = holds_numbers(series.dtype, column)
    values = series.astype(object) if not plain else series
    if not plain:
        _refuse(values, column, lambda value: plain_of(value, column)[0])
    return pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan), index=series.index)


def _texts(series: pd.Series[Any], column: Column) -> pd.Series[Any]:
    values = series.astype(object)
    _refuse(values, column, lambda value: isinstance(value, str))
    return values.where(values.notna(), None)


def _refuse(values: pd.Series[Any], column: Column, accepted: Any) -> None:
    missing = values.isna()
    problems = [
        Problem(row, column.name, shown(value), column.expected)
        for row, (value, absent) in enumerate(zip(values, missing, strict=True))
        if not absent and not accepted(value)
    ]
    if problems:
        raise InputError(problems)
