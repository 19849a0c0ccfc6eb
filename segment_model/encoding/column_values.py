"""The values of one column: what a number or a text of its kind may be, and how each is taken from what people have."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segment_model.contract import Column, Kind
from segment_model.encoding.encoder import Floats, Indices
from segment_model.encoding.frames import is_missing_marker
from segment_model.errors import ContractError, InputError, Problem, shown

if TYPE_CHECKING:
    import pandas as pd


def kind_bounds(kind: Kind) -> tuple[float, float]:
    """Least and greatest value that a number of this kind may have."""
    largest = float(np.finfo(np.float64).max)
    return {
        Kind.NUMBER: (-largest, largest),
        Kind.COUNT: (0.0, largest),
        Kind.SHARE: (0.0, 1.0),
        Kind.FLAG: (0.0, 1.0),
    }[kind]


def plain_of(value: Any, column: Column) -> tuple[bool, float | str | None]:
    """(accepted, as a plain float, str or None); whether it is in range is not judged."""
    if value is None:
        return True, None
    if column.is_category:
        if isinstance(value, str):
            return True, str(value)
        return (isinstance(value, float) and math.isnan(value)) or is_missing_marker(value), None
    if isinstance(value, bool | np.bool_):
        return (True, float(value)) if column.kind is Kind.FLAG else (False, None)
    if not isinstance(value, numbers.Real | Decimal):
        return is_missing_marker(value), None
    try:
        return True, float(value)
    except (OverflowError, ValueError):  # larger than a double; a signalling NaN of Decimal
        return False, None


def plain_array(series: pd.Series[Any], column: Column) -> NDArray[Any] | pd.Series[Any]:
    """The memory of a column of plain numbers; the column itself where its values must be looked at."""
    is_plain = isinstance(series.dtype, np.dtype) and holds_numbers(series.dtype, column)
    return series.to_numpy() if is_plain else series


def numbers_of(series: pd.Series[Any], column: Column) -> Floats:
    """The numbers of a column (n,), NaN where missing; whether they are in range is not judged.

    Raises
    ------
    ContractError
        If the column's type holds no numbers.
    InputError
        If a value is none, with its row.
    """
    if holds_numbers(series.dtype, column):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    if series.dtype == object:  # one-row frames and rows with None arrive so
        pairs = [plain_of(value, column) for value in series]
        problems = [
            Problem(row, column.name, value_shown(value), column.expected)
            for row, (value, (accepted, _)) in enumerate(zip(series, pairs, strict=True))
            if not accepted
        ]
        if problems:
            raise InputError(problems)
        return np.array([plain for _, plain in pairs], dtype=np.float64)
    raise ContractError(f"column {column.name!r} holds {_dtype_words(series.dtype)}; expected {column.expected}")


def holds_numbers(dtype: Any, column: Column) -> bool:
    """Whether a column of a DataFrame holds numbers, by its type; true and false are numbers of a flag alone."""
    import pandas as pd

    kinds = pd.api.types
    if kinds.is_bool_dtype(dtype) and not isinstance(dtype, pd.CategoricalDtype):
        return column.kind is Kind.FLAG
    return bool(kinds.is_numeric_dtype(dtype) and not kinds.is_complex_dtype(dtype))


def _dtype_words(dtype: Any) -> str:
    """What a column of a type that holds no numbers holds."""
    import pandas as pd

    kinds = pd.api.types
    if kinds.is_bool_dtype(dtype):
        return "true and false"
    if kinds.is_datetime64_any_dtype(dtype):
        return "moments"
    return "text" if kinds.is_string_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype) else "no plain numbers"


@dataclass(frozen=True)
class Texts:
    """A category column of n customers: its distinct values (None: missing), and which of them each has, (n,)."""

    levels: tuple[str | None, ...]
    codes: Indices


def distinct_texts(values: Sequence[str | None]) -> Texts:
    """The texts of plain values, None where missing."""
    levels = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return Texts(tuple(levels), np.array([levels[value] for value in values], dtype=np.intp))


def texts_of(series: pd.Series[Any], column: Column) -> Texts:
    """The texts of a column.

    Raises
    ------
    InputError
        If a value is no text, with its row.
    """
    import pandas as pd

    try:
        codes, distinct = pd.factorize(series, use_na_sentinel=False)
    except TypeError as error:  # a list or dict in a cell cannot be compared
        row, value = next((row, value) for row, value in enumerate(series) if not plain_of(value, column)[0])
        raise InputError([Problem(row, column.name, value_shown(value), column.expected)]) from error
    levels: list[str | None] = []
    problems: list[Problem] = []
    for number, value in enumerate(distinct):
        accepted, plain = plain_of(value, column)
        if not accepted:
            row = int(np.flatnonzero(codes == number)[0])
            problems.append(Problem(row, column.name, value_shown(value), column.expected))
        levels.append(None if plain is None else str(plain))
    if problems:
        raise InputError(problems)
    return Texts(tuple(levels), codes.astype(np.intp))


def number_shown(value: float) -> str:
    """A number as messages show it."""
    return "null" if math.isnan(value) else f"{value:.6g}"


def value_shown(value: Any) -> str:
    """Any value as messages show it; text is marked as such."""
    return f"{shown(value)} (text)" if isinstance(value, str) else shown(value)
