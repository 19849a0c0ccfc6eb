"""What a person should know of the values of their own columns, once these are one row a customer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from features.conditions.written import written_name, written_text
from features.notices import Notice
from features.own_vectors.repeated_columns import Repetition, repeated_columns
from features.own_vectors.row_of_totals import row_of_totals
from features.own_vectors.vector_columns import VectorColumn, shortened
from features.source_settings import VectorsSource
from segment_model.contract import Kind, VectorContract
from segment_model.errors import SourceError, shown

CUSTOMER = "customer_id"
TABLE = "vectors"
SUMMED = frozenset({Kind.NUMBER, Kind.COUNT})
SHOWN = 10  # repetitions, each with a notice of its own


def summed_columns(columns: Iterable[VectorColumn]) -> dict[str, str]:
    """The columns in which a row of totals holds sums: our name to the user's."""
    return {column.name: column.theirs for column in columns if column.kind in SUMMED}


def refuse_totals(frame: pd.DataFrame, columns: Iterable[VectorColumn], source: VectorsSource) -> None:
    """Refuse a row of totals among the customers.

    frame : one row a customer, indexed by id. columns : those of it that the user brought.

    Raises
    ------
    SourceError
        If a customer is the sum of all others in several columns.
    """
    names = summed_columns(columns)
    total = row_of_totals({name: frame[name].to_numpy(dtype=float) for name in names})
    if total is not None:
        raise total_error(str(frame.index[total.place]), [names[name] for name in total.columns], source)


def total_error(customer: str, columns: Sequence[str], source: VectorsSource) -> SourceError:
    """That a customer is a row of totals. columns : those that show it, under the user's names."""
    condition = f"{written_name(source.columns.get(CUSTOMER, CUSTOMER))} <> {written_text(customer)}"
    remedy = "" if source.number_rows else f", such as by `where: {condition}`"
    return SourceError(
        f"{TABLE}: customer {shown(customer)} is the sum of all others in {shortened(columns)}, so a row of totals: "
        f"leave it out{remedy}"
    )


def notices_of_repetitions(
    frame: pd.DataFrame, contract: VectorContract, own: Iterable[VectorColumn]
) -> Iterator[Notice]:
    """Warnings of the user's own columns that shape the segments and count twice; frame : one row a customer."""
    basis = {column.name for column in contract.basis}
    shaping = [column for column in own if column.name in basis]
    theirs = {column.name: column.theirs for column in shaping}
    kinds = {column.name: column.kind for column in shaping}
    repetitions = repeated_columns(
        {name: frame[name].to_numpy(dtype=float) for name in theirs if kinds[name] is not Kind.CATEGORY},
        {name: pd.factorize(frame[name])[0] for name in theirs if kinds[name] is Kind.CATEGORY},
        [name for name in theirs if kinds[name] is Kind.FLAG],
    )
    for repetition in repetitions[:SHOWN]:
        yield Notice(TABLE, _sentence(repetition, theirs), warning=True)
    if more := [theirs[repetition.column] for repetition in repetitions[SHOWN:]]:
        yield Notice(TABLE, f"so do {shortened(more)}", warning=True)


def _sentence(repetition: Repetition, theirs: dict[str, str]) -> str:
    column, others = theirs[repetition.column], shortened([theirs[name] for name in repetition.others])
    relation = "is the sum of" if repetition.is_sum else "follows from"
    if len(repetition.others) == 1:
        relation = "says the same of each customer as"
    counts = "which so counts" if len(repetition.others) == 1 else "which so count"
    return f"{column!r} {relation} {others}, {counts} twice: leave one out, such as by `exclude: [{column!r}]`"
