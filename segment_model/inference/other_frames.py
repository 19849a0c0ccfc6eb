"""Frames of other libraries than pandas, as polars and Arrow: read here, so that what cannot be read is one line.

Their libraries raise errors of their own, which no caller of ours expects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segment_model.errors import ContractError

if TYPE_CHECKING:
    import narwhals as nw
    import pyarrow as pa


def opened(customers: Any) -> Any:
    """A frame as narwhals sees it; what is none, as it is.

    Raises
    ------
    ContractError
        If two columns have a name.
    """
    import narwhals as nw

    try:
        return nw.from_native(customers, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        names = table_of_stream(customers).column_names  # only Arrow's tables have names twice
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ContractError(f"columns appear more than once: {', '.join(twice)}. Keep one of each") from error


def collected(lazy: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    """The rows of a LazyFrame.

    Raises
    ------
    ContractError
        If the user's own query fails.
    """
    try:
        return lazy.collect()
    except Exception as error:  # whatever the library raises of the user's own query
        raise ContractError(f"the LazyFrame cannot be collected: {str(error).splitlines()[0]}") from error


def table_of_stream(customers: Any) -> pa.Table:
    """The table of whatever offers `__arrow_c_stream__`.

    Raises
    ------
    ContractError
        If it offers a single column.
    """
    import pyarrow as pa

    try:
        return pa.table(customers)
    except pa.ArrowException as error:
        raise ContractError(
            f"expected a frame of one row a customer; got a single column ({type(customers).__name__})"
        ) from error
