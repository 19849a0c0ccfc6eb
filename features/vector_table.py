"""The table of customer vectors: values, schema and digest.

This module imports no engine, so that reading a vector file needs none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
import pandas as pd
import pandera.pandas as pandera

from features.learned import LearnedFeatures
from features.notices import Notice
from segment_model.contract import Kind, VectorContract
from segment_model.errors import SourceError

Moment = date | datetime


@dataclass(frozen=True, slots=True)
class CustomerVectors:
    """One row a customer.

    `frame` is indexed by `customer_id` (unique, sorted text) with the contract's columns in order; `report` counts, by
    raw table, the rows read, left out (and why) and used; `columns` lists which of our columns each raw table has;
    `notices` are assumptions and warnings. `as_of` is None where no table has dates.
    """

    frame: pd.DataFrame
    contract: VectorContract
    learned: LearnedFeatures
    as_of: Moment | None
    digest: str
    report: Mapping[str, Mapping[str, int]]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    @property
    def moment(self) -> str:
        """The as-of moment in words, such as " as of 2026-07-01"; empty where no table has dates."""
        return "" if self.as_of is None else f" as of {self.as_of.isoformat()}"


def schema(contract: VectorContract) -> pandera.DataFrameSchema:
    """The pandera schema of a vector table: unique customers, and each column's type, range and nulls."""
    checks: dict[Kind, list[pandera.Check]] = {
        Kind.NUMBER: [pandera.Check(np.isfinite, name="finite")],
        Kind.COUNT: [pandera.Check.ge(0), pandera.Check(np.isfinite, name="finite")],
        Kind.SHARE: [pandera.Check.in_range(0, 1)],
        Kind.FLAG: [pandera.Check.isin([0.0, 1.0])],
        Kind.CATEGORY: [],
    }
    return pandera.DataFrameSchema(
        {
            c.name: pandera.Column("str" if c.is_category else float, checks[c.kind], nullable=c.nullable)
            for c in contract.columns
        },
        index=pandera.Index("str", unique=True, name="customer_id"),
        strict=True,
        ordered=True,
    )


def validated(frame: pd.DataFrame, contract: VectorContract) -> pd.DataFrame:
    """The frame, if it follows the contract.

    Raises
    ------
    SourceError
        Naming the first column that does not, what it holds and what was expected.
    """
    try:
        return schema(contract).validate(frame)
    except pandera.errors.SchemaError as error:
        column = getattr(error.schema, "name", None)
        if column not in contract.names:
            raise SourceError(f"the vectors break their contract: {str(error).splitlines()[0]}") from error
        cases = error.failure_cases
        example = f", such as {cases['failure_case'].iloc[0]!r}" if isinstance(cases, pd.DataFrame) else ""
        raise SourceError(f"{column}: expected {contract[column].expected}, found other values{example}") from error


def digest(frame: pd.DataFrame) -> str:
    """ "sha256:..." of names, customers and values; the order of the rows does not matter."""
    rows = frame.sort_index()
    total = hashlib.sha256(json.dumps([*rows.columns], ensure_ascii=False).encode())
    total.update(json.dumps(rows.index.tolist(), ensure_ascii=False).encode())
    for name in rows.columns:
        values = rows[name]
        if pd.api.types.is_float_dtype(values.dtype):
            numbers = values.to_numpy(dtype="<f8") + 0.0  # -0.0 is 0.0
            total.update(np.where(np.isnan(numbers), np.nan, numbers).tobytes())
        else:
            total.update(json.dumps([None if pd.isna(v) else v for v in values], ensure_ascii=False).encode())
    return f"sha256:{total.hexdigest()}"
