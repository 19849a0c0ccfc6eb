"""The columns of a frame: which are features, of which kind, and which shape the segments.

A frame holds numbers as numbers and text as text, as a model reads it; text that writes numbers is a category here.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from segment_model.errors import ContractError, nearest_word, shown
from segment_model.inference.arrow_facts import typed_facts
from segment_model.inference.customer_table import CUSTOMER, read_frame
from segment_model.inference.kind import Kind
from segment_model.inference.kind_inference import NO_VALUE, LeftOut, infer_kind


class ColumnsLeftOutWarning(UserWarning):
    """Columns of a frame that are no features, and so not in its contract.

    Examples
    --------
    >>> import warnings
    >>> from segments import ColumnsLeftOutWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", ColumnsLeftOutWarning)  # where they are known
    """


@dataclass(frozen=True, slots=True)
class FrameColumn:
    """A column that is a feature. inferred : whether the values showed its kind, or the caller named it."""

    name: str
    kind: Kind
    unit: str
    nullable: bool
    inferred: bool


def frame_columns(
    customers: Any,
    basis: Sequence[str] | None,
    kinds: Mapping[str, str] | None,
    units: Mapping[str, str] | None,
    customer_id: str | None,
) -> tuple[frozenset[str], list[FrameColumn]]:
    """The names of the columns that shape the segments, and all columns of a frame that are features, in its order.

    Raises
    ------
    ContractError
        If the frame cannot be read or has no rows, a name is not its column, or no column, or one of the basis, can be
        a feature.
    """
    table = read_frame(customers, customer_id).table.drop_columns([CUSTOMER])
    if not table.num_columns:
        raise ContractError("the frame has no column besides the ids; add a column for each feature")
    if not table.num_rows:
        raise ContractError(
            "the frame has no rows, and kinds and missing values are read off them; pass the customers, or write the "
            'contract: VectorContract((Column("spend", Kind.NUMBER),))'
        )
    kinds, units = by_column("kinds", kinds), by_column("units", units)
    for option, named in (("kinds", kinds), ("units", units)):
        check_columns(option, [*named], table.column_names)
    shaping = frozenset(table.column_names if basis is None else checked_basis(basis, table.column_names))
    asked = {name: _kind(name, kind, table[name]) for name, kind in kinds.items()}
    settled = {name: asked.get(name) or infer_kind(name, typed_facts(table[name])) for name in table.column_names}
    left_out = {name: kind.reason for name, kind in settled.items() if isinstance(kind, LeftOut)}
    if refused := [name for name in left_out if basis is not None and name in shaping]:
        raise ContractError(
            f"basis: {refused[0]!r} cannot be a feature ({left_out[refused[0]]}); leave it out, or name its kind: "
            f'kinds={{{refused[0]!r}: "category"}}'
        )
    reasons = ", ".join(f"{name!r} ({reason})" for name, reason in left_out.items())
    remedy = "To take one, name its kind: kinds={COLUMN: KIND}"
    if len(left_out) == table.num_columns:
        raise ContractError(f"no column of the frame can be a feature: {reasons}. {remedy}")
    if left_out:
        warnings.warn(
            f"left out {reasons}. {remedy}",
            ColumnsLeftOutWarning,
            stacklevel=3,
        )
    return shaping, [
        FrameColumn(name, kind, units.get(name, ""), _has_missing(table[name]), name not in asked)
        for name, kind in settled.items()
        if isinstance(kind, Kind)
    ]


def by_column(option: str, named: Any) -> dict[str, Any]:
    """What an argument says of columns, by their names; empty for None.

    Raises
    ------
    ContractError
        If it is no dict.
    """
    if named is not None and not isinstance(named, Mapping):
        raise ContractError(f"{option} is a dict by column; got {type(named).__name__}")
    return dict(named or {})


def checked_basis(basis: Any, names: Sequence[str]) -> Sequence[str]:
    """The basis, if the customers have each of its columns.

    Raises
    ------
    ContractError
        If they do not, it names no column or one twice, or it is no list.
    """
    if isinstance(basis, str):
        raise ContractError(f"basis is a list of columns; write basis=[{basis!r}]")
    if isinstance(basis, Mapping) or not hasattr(basis, "__iter__"):
        raise ContractError(f"basis is a list of columns, such as {list(names[:2])}; got {type(basis).__name__}")
    chosen = list(basis)
    if not chosen:
        raise ContractError("basis names no column; leave it out to take every column that can be a feature")
    check_columns("basis", chosen, names)
    if twice := [name for name in chosen if chosen.count(name) > 1]:
        raise ContractError(f"basis names {shown(twice[0])} twice; name each column once")
    return chosen


def check_columns(option: str, named: Sequence[Any], names: Sequence[str]) -> None:
    """Refuse names that are no columns.

    Raises
    ------
    ContractError
        With the most similar column, and all that there are.
    """
    for name in named:
        if not isinstance(name, str) or name not in names:
            listed = ", ".join(map(repr, names[:30])) + (f" and {len(names) - 30:,} more" if len(names) > 30 else "")
            raise ContractError(
                f"{option}: no column {shown(name)}.{nearest_word(name, names)} The customers have {listed}"
            )


def _kind(name: str, kind: Any, column: pa.ChunkedArray) -> Kind:
    try:
        named = Kind(kind)
    except ValueError as error:
        hint = nearest_word(kind, [*Kind])
        raise ContractError(f"kinds: {name!r} is {shown(kind)}; expected {', '.join(Kind)}.{hint}") from error
    by_type = infer_kind(name, typed_facts(column.slice(0, 0)))
    if isinstance(by_type, LeftOut) and by_type is not NO_VALUE:  # what the type alone rules out
        raise ContractError(f"kinds: {name!r} ({column.type}) cannot be a {named}; it is {by_type.reason}")
    return named


def _has_missing(column: pa.ChunkedArray) -> bool:
    if column.null_count:
        return True
    return bool(pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py())
