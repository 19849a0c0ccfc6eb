"""Casts customers to the types that a model declares to others: float64 for numbers, text for categories.

A table that was made elsewhere has whole numbers, nullable types, categories, or numbers that are written as text. What
the declared type holds as well is cast; a value that would lose something is refused by name.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segment_model.contract import Column, Kind, VectorContract
from segment_model.encoding.any_frame import read_customers
from segment_model.encoding.column_values import holds_numbers, plain_of
from segment_model.encoding.encoder import Floats
from segment_model.encoding.frames import is_frame
from segment_model.encoding.reader import check_unique
from segment_model.errors import ContractError, InputError, Problem, shown

if TYPE_CHECKING:
    import pandas as pd

LARGEST_EXACT = 2.0**53  # doubles hold every whole number up to it
ROUNDED_COUNT = "a count below 2^53, from where on doubles, as read from JSON, are rounded; count in thousands"
NUMBER_TEXT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


def as_declared(customers: Any, contract: VectorContract) -> pd.DataFrame:
    """The same customers in the declared types: float64 (n,) for numbers, text or None for categories; index kept.

    customers : a frame of any library, a list of dicts, or a dict of one customer or of columns. Text that writes a
    plain number is that number ("5", "0.5", "1e3"), and a whole number in a category is its digits; true is 1 in a flag
    alone.

    Raises
    ------
    ContractError
        If a basis column is absent or a column is unknown.
    InputError
        If a value is neither missing nor of its column's kind, or a double would lose digits of it, or may have.
    """
    import pandas as pd

    frame = frame_of(customers, contract)
    contract.check_names(str(name) for name in frame.columns)
    check_unique(frame)
    columns = [column for column in contract.columns if column.name in frame.columns]
    cast = {column.name: _cast(frame[column.name], column) for column in columns}
    series = {name: pd.Series(values, index=frame.index, dtype=values.dtype) for name, values in cast.items()}
    return pd.DataFrame(series, index=frame.index)


def frame_of(customers: Any, contract: VectorContract) -> pd.DataFrame:
    """Customers in any form as a pandas frame, indexed by their ids where they have a column of them.

    Raises
    ------
    ContractError
        If they are no customers, or columns of a dict are not equally long.
    """
    import pandas as pd

    if isinstance(customers, Mapping):
        lengths = {name: len(values) for name, values in customers.items() if _is_list(values)}
        try:
            return pd.DataFrame(dict(customers) if lengths else [dict(customers)])
        except ValueError as error:
            raise ContractError(
                "a dict of columns has a list of one value a customer under each name; got lists of "
                f"{', '.join(f'{count:,} ({name})' for name, count in lengths.items())}"
            ) from error
    table = read_customers(customers, contract).table
    return table if is_frame(table) else pd.DataFrame(list(table))


def _is_list(value: Any) -> bool:
    """Whether a value of a dict holds one value a customer, rather than being one; nested lists are looked at later."""
    if hasattr(value, "ndim"):
        return bool(value.ndim > 0)
    return hasattr(value, "__getitem__") and hasattr(value, "__len__") and not isinstance(value, str | Mapping)


def _cast(series: pd.Series[Any], column: Column) -> Floats | NDArray[np.object_]:
    if column.is_category:
        return np.array(_accepted(enumerate(series.astype(object)), column), dtype=object)
    if not holds_numbers(series.dtype, column):
        return np.array(_accepted(enumerate(series.astype(object)), column), dtype=np.float64)
    cast: Floats = series.to_numpy(dtype=np.float64, na_value=np.nan)
    if series.dtype.kind in "iu" or column.kind is Kind.COUNT:
        _accepted(((row, series.iloc[row]) for row in np.flatnonzero(np.abs(cast) >= LARGEST_EXACT).tolist()), column)
    return cast


def _accepted(values: Iterable[tuple[int, Any]], column: Column) -> list[float | str | None]:
    """The values in the column's declared type, None where missing; those that are refused are named together."""
    plain: list[float | str | None] = []
    problems: list[Problem] = []
    for row, value in values:
        accepted, cast = _declared(value, column)
        plain.append(cast)
        if not accepted:
            problems.append(Problem(row, column.name, shown(value), column.expected))
        elif isinstance(cast, float) and (expected := _expected_instead_of(value, cast, column)):
            problems.append(Problem(row, column.name, shown(value), expected))
    if problems:
        raise InputError(problems)
    return plain


def _declared(value: Any, column: Column) -> tuple[bool, float | str | None]:
    """(accepted, in the declared type)."""
    if column.is_category and isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_):
        return True, str(int(value))
    if isinstance(value, str) and not column.is_category and NUMBER_TEXT.fullmatch(value.strip()):
        return True, float(value)
    return plain_of(value, column)


def _expected_instead_of(value: Any, cast: float, column: Column) -> str | None:
    """What is expected where a double may be another whole number than the one that was sent; None where it is not.

    A double may have been a whole number with more digits, which a reader of JSON rounded before it came here. That
    matters in a column of counts alone: other numbers of this size are measured.
    """
    if not LARGEST_EXACT <= abs(cast) < math.inf:
        return None
    if isinstance(value, str | numbers.Integral | Decimal):
        exact = Decimal(value.strip()) if isinstance(value, str) else Decimal(str(value))
        return None if Decimal(cast) == exact else "a whole number of at most 2^53, or text"
    return ROUNDED_COUNT if column.kind is Kind.COUNT else None
