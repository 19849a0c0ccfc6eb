"""Rows of totals among customers who stay in Spark: found by sums of columns and of ids that are words for a total.

No customer is fetched unless these sums show one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from features.joining import total_ids
from features.notices import Notice
from features.own_vectors.frame_notices import summed_columns, total_error
from features.own_vectors.row_of_totals import ColumnSums, largest_in_columns
from features.own_vectors.vector_columns import VectorColumn
from features.source_settings import VectorsSource
from features.sources import fetch
from features.spark.joined_parts import CUSTOMER

WORDS = "ids that are words for a total"
NONZERO, LEAST, LARGEST, TOTAL = "nonzero ", "least ", "largest ", "total "  # before the names of columns


def total_sums(table: ir.Table, own: Iterable[VectorColumn]) -> dict[str, ir.Value]:
    """Aggregates by name: the ids that are words for a total, and the `ColumnSums` of the user's own columns."""
    sums: dict[str, ir.Value] = {WORDS: _is_total(table).sum()}
    for name in summed_columns(own):
        column = table[name]
        sums |= {
            f"{NONZERO}{name}": (column != 0).sum(),
            f"{LEAST}{name}": column.min(),
            f"{LARGEST}{name}": column.max(),
            f"{TOTAL}{name}": column.sum(),
        }
    return sums


def notices_of_total_ids(table: ir.Table, totals: Mapping[str, Any], known: Sequence[Notice]) -> Iterator[Notice]:
    """As `features.joining.total_ids.notices_of_totals`, by what `total_sums` counted."""
    if totals[WORDS]:
        named = table.filter(_is_total(table)).select(CUSTOMER).order_by(CUSTOMER).limit(total_ids.SHOWN)
        yield from total_ids.notices_of(fetch(named, "customers: ids of totals")[CUSTOMER].to_pylist(), known)


def refuse_totals_among(
    table: ir.Table, totals: Mapping[str, Any], own: Iterable[VectorColumn], source: VectorsSource
) -> None:
    """As `features.own_vectors.frame_notices.refuse_totals`, by what `total_sums` counted.

    Raises
    ------
    SourceError
        If a customer is the sum of all others in several columns.
    """
    theirs = summed_columns(own)
    largest = {name: float(totals[f"{LARGEST}{name}"]) for name in theirs if _sums(totals, name).holds_total}
    if len(largest) < 2:
        return
    holds = ibis.or_(*(table[name] >= most for name, most in largest.items()))
    rows = fetch(table.filter(holds).select(CUSTOMER, *largest).order_by(CUSTOMER), "vectors: the largest values")
    filled = {name: np.nan_to_num(rows[name].to_numpy().astype(np.float64)) for name in largest}
    total = largest_in_columns(filled)
    if total is not None:
        raise total_error(rows[CUSTOMER][total.place].as_py(), [theirs[name] for name in total.columns], source)


def _is_total(table: ir.Table) -> ir.BooleanValue:
    return table[CUSTOMER].lower().re_search(total_ids.PATTERN)


def _sums(totals: Mapping[str, Any], name: str) -> ColumnSums:
    nonzero = int(totals[f"{NONZERO}{name}"] or 0)
    least, largest, total = (float(totals[f"{kind}{name}"] or 0) for kind in (LEAST, LARGEST, TOTAL))
    return ColumnSums(nonzero, least, largest, total)
