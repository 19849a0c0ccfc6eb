"""Customers with more orders or events than a person has: ids that stand for many people, such as guests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.conditions.written import written_name
from features.joining.table_customers import TableCustomers
from features.notices import Notice
from segment_model.errors import counted
from segment_model.sql_text import quoted

FEWEST_CUSTOMERS = 20  # as many as a discovery needs; among fewer, each has a large share
LARGE_SHARE = 0.1  # of all orders or events
TIMES_THE_NEXT = 20
LOOKED_AT = 11  # of the largest: fewer than ten can have over a tenth each, and one follows them
MOST_TOGETHER = 5  # ids that stand for many people, side by side: `guest`, `0`, `unknown`


@dataclass(frozen=True)
class LargestCounts:
    """The `LOOKED_AT` customers of a table with the most rows, by id and descending, beside its customers and rows."""

    largest: Mapping[str, float]
    customers: int
    rows: float

    @classmethod
    def of(cls, rows: pd.Series) -> Self:
        """Those of the rows of each customer."""
        counts = rows.sort_values(ascending=False, kind="stable")
        largest = {str(name): float(count) for name, count in counts.iloc[:LOOKED_AT].items()}
        return cls(largest, len(counts), float(counts.to_numpy(dtype=np.float64).sum()))


def dominant_notices(table: TableCustomers, column: str, where: str | None = None) -> Iterator[Notice]:
    """A warning that names the customers with over a tenth of all rows, or with 20 times as many as the next.

    column, where : the name of the customer's id in the user's table, and the condition of its source, for the
    condition that leaves them out as well.
    """
    if table.rows is not None:
        yield from dominant_among(LargestCounts.of(table.rows), table, column, where)


def dominant_among(
    counts: LargestCounts, table: TableCustomers, column: str, where: str | None = None
) -> Iterator[Notice]:
    """As `dominant_notices`, of rows that were counted elsewhere."""
    if counts.customers < FEWEST_CUSTOMERS:
        return
    numbers = np.array([*counts.largest.values()])
    most = max(int((numbers > LARGE_SHARE * counts.rows).sum()), _before_a_gap(numbers))
    if not most:
        return
    ids, rows, following = [*counts.largest][:most], int(numbers[:most].sum()), numbers[most]
    times = f", {numbers[most - 1] / following:,.0f} times the next" if following else ""
    together = "" if most == 1 else " together"
    own = _condition(column, ids, table.numeric)
    condition = json.dumps(f"({where}) and {own}" if where else own, ensure_ascii=False)
    yield Notice(
        table.name,
        f"{'customer' if most == 1 else 'customers'} {', '.join(map(repr, ids))} "
        f"{'has' if most == 1 else 'have'}{together} {rows:,} of {counted(int(counts.rows), table.name[:-1])} "
        f"({100 * rows / counts.rows:.0f} %{times}): where {'it stands' if most == 1 else 'they stand'} for many "
        f"people, such as guests, leave {'it' if most == 1 else 'them'} out by "
        f"`sources: {{{table.name}: {{where: {condition}}}}}`",
        True,
    )


def _before_a_gap(counts: NDArray[np.float64]) -> int:
    """How many of the descending counts lie before one that is `TIMES_THE_NEXT` smaller; 0 without such a gap."""
    last, following = counts[:MOST_TOGETHER], counts[1 : MOST_TOGETHER + 1]
    gaps = np.flatnonzero((following > 0) & (last >= TIMES_THE_NEXT * following))
    return int(gaps[0]) + 1 if len(gaps) else 0


def _condition(column: str, ids: Sequence[str], numeric: bool) -> str:
    """The SQL condition under which none of the ids is left, such as `CustomerID <> '0'`."""
    name = written_name(column)
    texts = ids if numeric else [quoted(text) for text in ids]
    return f"{name} <> {texts[0]}" if len(texts) == 1 else f"{name} not in ({', '.join(texts)})"
