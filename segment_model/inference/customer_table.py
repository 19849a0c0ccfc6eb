"""Reads any frame of customers into Arrow: pandas, polars, Arrow, or whatever offers `__arrow_c_stream__`.

Ids are the column `customer_id`, else the index of a pandas frame, else the numbers of the rows, from 0.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from segment_model.errors import ContractError, counted, nearest_word, shown
from segment_model.inference.kind_inference import LARGEST_EXACT
from segment_model.inference.other_frames import collected, table_of_stream

CUSTOMER = "customer_id"
NANOSECONDS_OF_A_DAY = 86_400e9


@dataclass(frozen=True)
class CustomerTable:
    """Customers as an Arrow table with the column `customer_id`, as text.

    ids : as the user has them, in the order of the rows. notes : what was assumed.
    """

    table: pa.Table
    ids: pd.Index[Any]
    notes: tuple[str, ...] = ()


def read_frame(customers: Any, customer_id: str | None = None) -> CustomerTable:
    """Read a frame of one row a customer.

    customer_id : the column of the ids; by default `customer_id`, where there is one. A LazyFrame is collected once.

    Raises
    ------
    ContractError
        If it is no frame, a name is not text or stands twice, an id is missing, stands twice or may have lost digits,
        or a column holds values of several types.
    """
    if customer_id is not None and not isinstance(customer_id, str):
        raise ContractError(f"customer_id is the name of a column, as text; got {shown(customer_id)}")
    if isinstance(customers, pd.DataFrame):
        return _of_pandas(customers, customer_id)
    table = _arrow(customers)
    _check_names(table.column_names, customer_id)
    name = customer_id or CUSTOMER
    if name not in table.column_names:
        note = f"no column {CUSTOMER!r}: the customers are the numbers of the rows, from 0"
        return _with_ids(table, pd.RangeIndex(len(table)), (note,))
    column = table[name]
    # of the column's own type, so that answers join; NumPy's arrays would stand for lists
    own = column.to_pylist() if pa.types.is_nested(column.type) else column.to_pandas()
    ids = pd.Index(own, name=name, tupleize_cols=False)
    return _with_ids(table.drop_columns([name]), ids, ())


def _of_pandas(frame: pd.DataFrame, customer_id: str | None) -> CustomerTable:
    if isinstance(frame.columns, pd.MultiIndex):
        raise ContractError(
            "the columns have several levels; flatten them: "
            "frame.columns = ['_'.join(map(str, name)) for name in frame.columns]"
        )
    _check_names(list(frame.columns), customer_id)
    name = customer_id or CUSTOMER
    notes: tuple[str, ...] = ()
    if name in frame.columns:
        ids, frame = pd.Index(frame[name]), frame.drop(columns=name)
    elif isinstance(frame.index, pd.MultiIndex):
        raise ContractError("the index has several levels, and a customer has one id; keep one level: reset_index()")
    else:
        ids = frame.index
        if isinstance(ids, pd.RangeIndex):
            notes = (f"no column {CUSTOMER!r}: the customers are the index, which numbers the rows",)
    return _with_ids(_arrow_columns(frame), ids, notes)


def _arrow(customers: Any) -> pa.Table:
    """Any frame but pandas' as an Arrow table."""
    if isinstance(customers, pa.Table):
        return customers
    native = nw.from_native(customers, pass_through=True) if not isinstance(customers, type) else customers
    if isinstance(native, nw.LazyFrame):
        native = collected(native)
    if isinstance(native, nw.DataFrame):
        return _table_of({name: native.get_column(name) for name in native.columns}, lambda column: column.to_arrow())
    if hasattr(native, "__arrow_c_stream__") and not isinstance(native, type):
        return table_of_stream(native)
    if isinstance(customers, str | os.PathLike):
        raise ContractError(f"expected a frame (pandas, polars, Arrow); got {shown(str(customers))}: read it first")
    raise ContractError(
        f"expected a frame (pandas, polars, Arrow) or the path of a file; got {type(customers).__name__}"
    )


def _table_of(columns: Mapping[str, Any], convert: Callable[[Any], pa.Array]) -> pa.Table:
    """The columns as an Arrow table; the one that Arrow cannot hold is named."""
    arrays = {}
    for name, values in columns.items():
        try:
            arrays[name] = convert(values)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            kinds = sorted({type(cell).__name__ for cell in values.head(10_000) if cell is not None})
            what = f"{' and '.join(kinds[:4]) or values.dtype}, which is no column of one type"
            if len(kinds) < 2:
                what = f"{values.dtype} that Arrow cannot hold ({str(error).splitlines()[0]})"
            raise ContractError(
                f"column {name!r} holds {what}; make it numbers (.astype(float)) or text (.astype(str)), or leave it "
                "out"
            ) from error
    count = len(next(iter(columns.values()))) if columns else 0
    return pa.table(arrays) if arrays else pa.table({CUSTOMER: pa.nulls(count)}).drop_columns([CUSTOMER])


def _arrow_columns(frame: pd.DataFrame) -> pa.Table:
    """The columns of a pandas frame as an Arrow table."""
    if not len(frame.columns):
        return pa.table({CUSTOMER: pa.nulls(len(frame))}).drop_columns([CUSTOMER])
    return _table_of({name: frame[name] for name in frame.columns}, _array_of)


def _array_of(values: pd.Series[Any]) -> pa.Array:
    if isinstance(values.dtype, pd.SparseDtype):
        values = pd.Series(values.to_numpy(), values.index)
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = values.cat.categories.dtype
        values = values.astype(levels) if isinstance(levels, pd.DatetimeTZDtype) else values
    if isinstance(values.dtype, pd.DatetimeTZDtype):  # no feature; Arrow's way to read it warns
        values = values.dt.tz_convert(None)
    return pa.Array.from_pandas(values)


def _with_plain_levels(table: pa.Table) -> pa.Table:
    """The table with categories of intervals, periods, durations or lists as these.

    Arrow can neither cast nor write most such categories.
    """
    for place, field in enumerate(table.schema):
        levels = field.type.value_type if pa.types.is_dictionary(field.type) else None
        if levels is not None and (
            pa.types.is_nested(levels) or pa.types.is_duration(levels) or isinstance(levels, pa.BaseExtensionType)
        ):
            chunks = [chunk.dictionary.take(chunk.indices) for chunk in table[field.name].chunks]
            table = table.set_column(place, field.name, pa.chunked_array(chunks, levels))
    return table


def _with_dates(table: pa.Table) -> pa.Table:
    """The table with periods of pandas as dates: their storage is a number of months or days, and would be a count."""
    for place, field in enumerate(table.schema):
        if getattr(field.type, "extension_name", "") == "pandas.period":
            dates = pa.array(table[field.name].to_pandas().dt.to_timestamp())
            table = table.set_column(place, field.name, dates)
    return table


def _in_days(table: pa.Table) -> tuple[pa.Table, tuple[str, ...]]:
    """The table with durations as days, and a note that names them."""
    names = [field.name for field in table.schema if pa.types.is_duration(field.type)]
    for name in names:
        days = pc.divide(pc.cast(pc.cast(table[name], pa.duration("ns"), safe=False), pa.int64()), NANOSECONDS_OF_A_DAY)
        table = table.set_column(table.column_names.index(name), name, days)
    return table, (f"durations are taken as days: {', '.join(map(repr, names))}",) if names else ()


def _check_names(names: Sequence[Any], customer_id: str | None) -> None:
    for name in names:
        if not isinstance(name, str):
            raise ContractError(f"a column's name must be text; got {name!r}. Rename: frame.columns.astype(str)")
        if not name.strip():
            raise ContractError(
                f"column {[*names].index(name) + 1} has no name (it is {name!r}); name it, or leave it out"
            )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ContractError(f"columns appear more than once: {', '.join(twice)}. Keep one of each")
    if customer_id is not None and customer_id not in names:
        raise ContractError(f"no column {customer_id!r} for the ids.{nearest_word(customer_id, names)}")


def _with_ids(table: pa.Table, ids: pd.Index[Any], notes: tuple[str, ...]) -> CustomerTable:
    if CUSTOMER in table.column_names:
        raise ContractError(
            f"column {CUSTOMER!r} stands beside the ids in {shown(ids.name)}, and ids have that name here: rename or "
            "drop it"
        )
    missing = int(np.count_nonzero(ids.isna()))
    if missing:
        raise ContractError(f"{counted(missing, 'customer has', 'customers have')} no id; drop or number these rows")
    odd = next((name for name in ids if not isinstance(name, str | int) or isinstance(name, bool)), None)
    if odd is not None and not _is_whole(ids):
        raise ContractError(f"an id must be text or a whole number; got {shown(odd)}. Convert: .astype(str)")
    if pd.api.types.is_float_dtype(ids.dtype):
        rounded = ids[np.abs(ids.to_numpy(dtype=float)) >= LARGEST_EXACT]
        if len(rounded):
            are = counted(len(rounded), "id is a floating-point number", "ids are floating-point numbers")
            raise ContractError(
                f"{are} of 2^53 or more, such as {rounded[0]:.0f}, of which digits may be lost; read the ids "
                "as text or as whole numbers"
            )
    if not ids.is_unique:
        twice = ids[ids.duplicated()].unique()
        raise ContractError(
            f"a customer must have one row; {counted(len(twice), 'id stands', 'ids stand')} in several, such as "
            f"{shown(twice[0])}. Sum or pick the rows of each"
        )
    table, in_days = _in_days(_with_dates(_with_plain_levels(table)))
    texts = [text_of_id(name) for name in ids]
    return CustomerTable(table.append_column(CUSTOMER, pa.array(texts, pa.string())), ids, (*notes, *in_days))


def text_of_id(name: Any) -> str:
    """The text under which vectors keep an id: whole numbers without a decimal point, text without blanks around."""
    return name.strip() if isinstance(name, str) else str(int(name))


def _is_whole(ids: pd.Index[Any]) -> bool:
    if not pd.api.types.is_numeric_dtype(ids.dtype) or pd.api.types.is_bool_dtype(ids.dtype):
        return False
    numbers = ids.to_numpy(dtype=float)
    return bool((np.isfinite(numbers) & (numbers == numbers.round())).all())
