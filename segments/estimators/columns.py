"""The columns of a frame as an estimator takes them: numbers, flags and text. All others are refused by name."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from segment_model.errors import ContractError
from segment_model.inference.other_frames import collected, opened, table_of_stream
from segments.estimators.errors import EstimatorError

NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})  # what pandas calls values of objects


def as_pandas(rows: Any) -> Any:
    """A frame of any library as one of pandas, a LazyFrame collected; what is no frame, as it is.

    Raises
    ------
    EstimatorError
        If a name stands twice, the query of a LazyFrame fails, or it is a single column.
    """
    if isinstance(rows, pd.DataFrame):
        return rows
    try:
        native = opened(rows)
        if isinstance(native, nw.LazyFrame):
            native = collected(native)
        elif native is rows and hasattr(rows, "__arrow_c_stream__"):
            native = opened(table_of_stream(rows))
    except ContractError as error:
        raise EstimatorError(str(error)) from error
    return native.to_pandas() if isinstance(native, nw.DataFrame) else rows


def read_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with numbers as doubles, flags as booleans and text as such; a column of objects is what they are.

    Raises
    ------
    EstimatorError
        If a name stands twice, or a column holds something else, such as dates.
    """
    if not frame.columns.is_unique:
        twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        raise EstimatorError(f"columns appear more than once: {', '.join(twice)}. Keep one of each")
    return pd.DataFrame({name: _column(name, frame[name]).array for name in frame.columns}, index=frame.index)


def is_text(values: pd.Series[Any]) -> bool:
    """Whether a column that was read is text."""
    return isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(values.dtype)


def _column(name: Any, values: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.rename_categories([str(level) for level in values.cat.categories])
    holds = pd.api.types.infer_dtype(values, skipna=True) if values.dtype == object else ""
    if holds == "string" or (not holds and pd.api.types.is_string_dtype(values.dtype)):
        return values.astype("str")
    if holds == "boolean" or pd.api.types.is_bool_dtype(values.dtype):
        return _doubles(values) if values.isna().any() else values.astype(bool)
    if holds in NUMBERS or holds == "empty" or _is_real(values.dtype):
        return _doubles(values)
    what = holds.replace("-", " ") or str(values.dtype)
    raise EstimatorError(
        f"column {name!r} holds {what}, neither numbers nor text; make it numbers (.astype(float)) or text "
        "(.astype(str)), or leave it out"
    )


def _is_real(dtype: Any) -> bool:
    return bool(pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype))


def _doubles(values: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan), index=values.index)
