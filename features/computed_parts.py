"""What is computed of the raw tables in their engines: the counts of rows, and one row a customer of each part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import pandas as pd
import pyarrow as pa

from features.groups import firmographics, rfm
from features.groups.all_groups import FeatureGroups, Part
from features.joining.table_customers import TableCustomers
from features.notices import Notice
from features.sources import Engines, fetch
from features.tables.canonical import NEWEST, OLDEST, Tally
from segment_model.errors import SourceError, counted

Read = TypeVar("Read")
TWICE_SHOWN = 3  # customers that a message names
COUNTED = {"orders": rfm.ORDER_COUNT, "events": "events"}  # the column with a customer's rows, by raw table


@dataclass(frozen=True)
class RowsRead:
    """The rows of a raw table: the counts of those read and left out, and the first and the last moment of all.

    notices : what else its tallies say.
    """

    counts: Mapping[str, int]
    notices: tuple[Notice, ...]
    oldest: datetime | None
    newest: datetime | None


def read_again(engines: Engines, read: Callable[[], Read]) -> Read:
    """What `read` makes of tables, read again wherever a column turns out not to be plain throughout.

    Raises
    ------
    SourceError
        If a table cannot be read.
    """
    while True:
        try:
            return read()
        except SourceError as error:
            if not engines.reads_as_text(error):
                raise


def rows_read(tallies: Sequence[Tally]) -> RowsRead:
    """Count the rows of a raw table.

    Raises
    ------
    SourceError
        If the engine fails, or values cannot be read as what they are.
    """
    counts: dict[str, int] = {}
    notices: list[Notice] = []
    moments: dict[str, datetime] = {}
    for tally in tallies:
        totals = fetch(tally.sums, tally.what).to_pylist()[0]
        counts = tally.count_rows(totals, counts)
        notices += tally.notices(totals)
        moments |= {name: totals[name] for name in (OLDEST, NEWEST) if totals.get(name) is not None}
    return RowsRead(counts, tuple(notices), moments.get(OLDEST), moments.get(NEWEST))


def customers_of(name: str, groups: FeatureGroups, frames: Sequence[pd.DataFrame], rows: RowsRead) -> TableCustomers:
    """The customers of a raw table; its parts have facts of them beside the columns of the vector."""
    own = [(part, frame) for part, frame in zip(groups.parts, frames, strict=True) if part.raw_table == name]
    ids = own[0][1].index
    for _, frame in own[1:]:
        ids = ids.union(frame.index, sort=False)  # sorting the text of millions takes longest
    facts = {str(column): frame[column] for _, frame in own for column in frame.columns}
    is_dated, id_type = facts.get(firmographics.IS_DATED), own[0][0].table.customer_id.type()
    return TableCustomers(
        name,
        ids,
        name in groups.numbered_ids,
        id_type.is_integer() and not id_type.is_uint64(),
        undated=None if is_dated is None else is_dated.index[~is_dated.astype(bool)],
        rows=facts.get(COUNTED.get(name, "")),
        oldest=rows.oldest,
        newest=rows.newest,
    )


def part_frame(part: Part, computed: pa.Table | None = None) -> pd.DataFrame:
    """The rows of a part by customer; `computed` is its result, None computes it. It is given up: each column is freed
    as soon as it is copied.

    Raises
    ------
    SourceError
        If a customer comes twice.
    """
    result = fetch(part.table, "features") if computed is None else computed
    frame: pd.DataFrame = result.to_pandas(split_blocks=True, self_destruct=True)
    frame.index = pd.Index(frame.pop("customer_id").astype("str"), name="customer_id")
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()].unique().sort_values()
        raise twice_error(part.raw_table, len(twice), twice[:TWICE_SHOWN])
    return frame


def twice_error(table: str, customers: int, first: Iterable[str]) -> SourceError:
    """That customers have more than one row in a table of one row each. first : a few of them."""
    return SourceError(
        f"{table}: {counted(customers, 'customer has', 'customers have')} more than one row, such as "
        f"{', '.join(first)}; keep one row each"
    )
