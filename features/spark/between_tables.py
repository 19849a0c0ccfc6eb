"""What is looked at between tables whose customers stay in an engine: counted there in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import ibis
import ibis.expr.types as ir

from features.computed_parts import COUNTED, RowsRead
from features.groups.all_groups import FeatureGroups
from features.groups.firmographics import IS_DATED
from features.joining.alike_ids import AlikeInTables
from features.joining.shared_ids import SharedIds, notices_of_shared
from features.joining.table_customers import NO_IDS, ORDER, TableCustomers
from features.notices import Notice
from features.settings import IdSettings
from features.spark.joined_parts import CUSTOMER, ROWS_IN

IDS, SHARED, ONLY, ROWS_OF = "ids ", "shared ", "only ", "rows of "  # before the names of raw tables
DATED, NOT_WHOLE, ALL = "dated", "not whole", "customers"
WHOLE_PATTERN = "^(0|-?[1-9][0-9]{0,17})$"  # of 64 bits in any case


def table_facts(name: str, groups: FeatureGroups, rows: RowsRead, totals: Mapping[str, Any]) -> TableCustomers:
    """What is known of a raw table without its ids, by the `overlap_sums`."""
    part = next(part for part in groups.parts if part.raw_table == name)
    id_type = part.table.customer_id.type()
    undated = NO_IDS if IS_DATED in part.table.columns and not totals.get(DATED) else None
    whole = bool(id_type.is_integer() and not id_type.is_uint64())
    return TableCustomers(
        name, NO_IDS, name in groups.numbered_ids, whole, undated, oldest=rows.oldest, newest=rows.newest
    )


def overlap_sums(table: ir.Table) -> dict[str, ir.Value]:
    """Aggregates by name: the customers of each raw table, of each pair of them, and what their ids are."""
    names = tables_of(table)
    holds = {name: table[f"{ROWS_IN}{name}"] > 0 for name in names}
    ids = table[CUSTOMER]
    sums: dict[str, ir.Value] = {
        ALL: table.count(),
        NOT_WHOLE: (~ids.re_search(WHOLE_PATTERN)).sum(),
        **{f"{IDS}{name}": held.sum() for name, held in holds.items()},
        **{f"{ROWS_OF}{n}": table[c].cast("float64").sum() for n, c in COUNTED.items() if c in table.columns},
        **({DATED: (table[IS_DATED] == 1).sum()} if IS_DATED in table.columns else {}),
    }
    for first, second in combinations(names, 2):
        sums[f"{SHARED}{first} {second}"] = (holds[first] & holds[second]).sum()
        sums[f"{ONLY}{first} {second}"] = ids.min(where=holds[first] & ~holds[second])
        sums[f"{ONLY}{second} {first}"] = ids.min(where=holds[second] & ~holds[first])
    return sums


def tables_of(table: ir.Table) -> list[str]:
    """The raw tables of joined parts, in the order of `ORDER`."""
    names = [name.removeprefix(ROWS_IN) for name in table.columns if name.startswith(ROWS_IN)]
    return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


def overlap_notices_of(
    names: Sequence[str], totals: Mapping[str, Any], alike: AlikeInTables, ids: IdSettings
) -> list[Notice]:
    """As `features.joining.id_overlap.overlap_notices`, by what `overlap_sums` counted.

    Raises
    ------
    SourceError
        If tables share no id, and the settings do not allow it.
    """
    sizes = {name: int(totals[f"{IDS}{name}"] or 0) for name in names}
    filled = [name for name in names if sizes[name]]
    pairs = [_pair(first, second, sizes, totals) for first, second in combinations(filled, 2)]
    return notices_of_shared(sizes, pairs, alike, ids)


def _pair(first: str, second: str, sizes: Mapping[str, int], totals: Mapping[str, Any]) -> SharedIds:
    lonely = ((totals[f"{ONLY}{first} {second}"], first), (totals[f"{ONLY}{second} {first}"], second))
    examples = ", ".join(f"{example!r} only in {name}" for example, name in lonely if example is not None)
    shared = int(totals[f"{SHARED}{first} {second}"] or 0)
    return SharedIds(first, second, sizes[first], sizes[second], shared, examples)


def largest_rows(table: ir.Table, name: str, column: str, most: int) -> ir.Table:
    """The customers with the most rows of a raw table, descending; `column` counts them."""
    own = table.filter(table[f"{ROWS_IN}{name}"] > 0)
    return own.select(CUSTOMER, rows=own[column].cast("float64")).order_by(ibis.desc("rows")).limit(most)
