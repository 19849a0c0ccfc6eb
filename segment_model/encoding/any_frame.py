"""Takes customers in any kind of frame, and gives answers back in the same kind.

pandas frames and lists of dicts go straight to the reader. A frame of polars or Arrow, or anything else that offers
`__arrow_c_stream__`, becomes a pandas frame first. Ids may stand in a column `customer_id` that the model does not
have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segment_model.contract import VectorContract
from segment_model.encoding.frames import is_frame, is_series
from segment_model.encoding.reader import check_unique
from segment_model.errors import ContractError, counted
from segment_model.inference.other_frames import collected, opened, table_of_stream

if TYPE_CHECKING:
    import narwhals as nw
    import pandas as pd

    from segment_model.encoding.reader import Table

CUSTOMER = "customer_id"


@dataclass(frozen=True, slots=True)
class GivenCustomers:
    """Customers as the reader takes them, and how an answer of one row each becomes what the caller expects."""

    table: Table
    answer: Callable[[pd.DataFrame], Any]


def read_customers(customers: Any, contract: VectorContract) -> GivenCustomers:
    """Customers in any form: a list of dicts, a frame of any library, one Series, or a matrix of numbers.

    A Series is one customer. A matrix (n, columns of the contract, or of its basis) is taken where the contract has
    numbers only. A LazyFrame is collected once, and answered by a LazyFrame.

    Raises
    ------
    ContractError
        If it is none of these, or a matrix does not fit the contract.
    """
    if is_frame(customers):
        return GivenCustomers(_by_id(customers, contract), _as_it_is)
    if is_series(customers):
        return GivenCustomers(_by_id(customers.to_frame().T.infer_objects(), contract), _as_it_is)
    if isinstance(customers, np.ndarray):
        return GivenCustomers(_of_matrix(customers, contract), _as_it_is)
    if isinstance(customers, list | tuple):
        return GivenCustomers(customers, _as_it_is)
    return _of_other_frame(customers, contract)


def _as_it_is(answer: pd.DataFrame) -> pd.DataFrame:
    return answer


def _by_id(frame: pd.DataFrame, contract: VectorContract) -> pd.DataFrame:
    """The frame indexed by its column of ids, if it has one that is no feature."""
    import pandas as pd

    if CUSTOMER in frame.columns and CUSTOMER not in contract.names:
        check_unique(frame)
        # `set_index` widens integers where there are no rows
        return frame.drop(columns=CUSTOMER).set_axis(pd.Index(frame[CUSTOMER]), axis=0)
    return frame


def _of_matrix(matrix: np.ndarray[Any, Any], contract: VectorContract) -> pd.DataFrame:
    import pandas as pd

    categories = [column.name for column in contract.columns if column.is_category]
    if categories:
        raise ContractError(
            f"a matrix holds numbers, and {', '.join(categories[:5])} holds text; pass a frame with named columns"
        )
    basis = [column.name for column in contract.basis]
    widths = {len(contract.names): list(contract.names), len(basis): basis}
    if matrix.ndim != 2 or matrix.shape[1] not in widths:
        raise ContractError(
            f"a matrix of shape {matrix.shape} is no table of (customers, {counted(len(contract.names), 'column')}); "
            f"the columns are, in order: {', '.join(contract.names)}"
        )
    return pd.DataFrame(matrix, columns=widths[matrix.shape[1]])


def _pandas_of(native: nw.DataFrame[Any]) -> pd.DataFrame:
    """A frame of another library as one of pandas, which shares the memory of doubles."""
    import pandas as pd

    columns = {
        column.name: column.to_numpy() if column.dtype.is_float() and not column.null_count() else _series_of(column)
        for column in native.iter_columns()
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(native)), copy=False)


def _series_of(column: nw.Series[Any]) -> pd.Series[Any]:
    """A column as one of pandas; narwhals gives one without rows no type, and its ids would not join."""
    series: pd.Series[Any] = column.to_pandas() if len(column) else column.to_arrow().to_pandas()
    return series


def _of_other_frame(customers: Any, contract: VectorContract) -> GivenCustomers:
    """A frame of another library, through narwhals or Arrow's stream."""
    import narwhals as nw

    native = opened(customers)
    lazy = isinstance(native, nw.LazyFrame)
    if isinstance(native, nw.LazyFrame):
        native = collected(native)
    if not isinstance(native, nw.DataFrame):
        if not hasattr(customers, "__arrow_c_stream__"):
            raise ContractError(
                "expected customers as a list of dicts or a frame (pandas, polars, Arrow); "
                f"got {type(customers).__name__}"
            )
        native = opened(table_of_stream(customers))
    frame = _pandas_of(native)
    has_ids = CUSTOMER in frame.columns and CUSTOMER not in contract.names
    return GivenCustomers(_by_id(frame, contract), _answer_by(native.implementation, has_ids=has_ids, lazy=lazy))


def answer_like(customers: Any, *, has_ids: bool) -> Callable[[pd.DataFrame], Any]:
    """What turns an answer of pandas, indexed by customer, into a frame like that of the customers.

    customers : a frame of any library; a LazyFrame is answered by one. has_ids : whether a column of it names them.
    """
    import narwhals as nw

    if is_frame(customers):
        return _as_it_is
    native = nw.from_native(customers, pass_through=True)
    lazy = isinstance(native, nw.LazyFrame)
    known = isinstance(native, nw.DataFrame) or (lazy and native.implementation.is_polars())
    library = native.implementation if known else nw.Implementation.PYARROW
    return _answer_by(library, has_ids=has_ids, lazy=lazy)


def _answer_by(library: Any, *, has_ids: bool, lazy: bool) -> Callable[[pd.DataFrame], Any]:
    """As `answer_like`; library : of eager frames, as narwhals names it."""

    def answer(table: pd.DataFrame) -> Any:
        import narwhals as nw
        import pyarrow as pa

        if has_ids and table.index.name in table.columns:
            raise ContractError(
                f"the ids are in the column {table.index.name!r}, which is a column of the answer too; rename that of "
                "the ids"
            )
        arrow = pa.Table.from_pandas(table.reset_index() if has_ids else table, preserve_index=False)
        same = nw.DataFrame.from_arrow(arrow, backend=library)
        return (same.lazy() if lazy else same).to_native()

    return answer
