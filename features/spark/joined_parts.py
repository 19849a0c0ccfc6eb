"""The parts of a vector as one table of an engine: a row a customer, who never leaves it.

All parts lie below one another, each with its own columns filled, and are grouped by customer: one shuffle, however
many parts there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from features.groups import firmographics, rfm
from features.groups.all_groups import Part, missing_of
from segment_model.contract import VectorContract

CUSTOMER = "customer_id"
ROWS_IN = "rows in "  # before the name of a raw table; with a blank, so that no column of a vector has such a name
FACTS: Mapping[str, dt.DataType] = {rfm.ORDER_COUNT: dt.int64, firmographics.IS_DATED: dt.int64}


def joined_parts(parts: Sequence[Part], contract: VectorContract) -> ir.Table:
    """Customers as text with the contract's columns, but scores, and how often each raw table's parts have them.

    Columns of `FACTS` and `rows in TABLE` stand beside those of the vector. A number that a customer lacks is what
    `features.groups.all_groups.missing_of` says.
    """
    tables = list(dict.fromkeys(part.raw_table for part in parts))
    names = {column.name for part in parts for column in part.columns}
    types = {c.name: dt.string if c.is_category else dt.float64 for c in contract.columns if c.name in names}
    types |= {name: kind for name, kind in FACTS.items() if any(name in part.table.columns for part in parts)}
    types |= {f"{ROWS_IN}{table}": dt.int64 for table in tables}
    below = ibis.union(*(_of_one(part, types) for part in parts)) if len(parts) > 1 else _of_one(parts[0], types)
    counts = {name: below[name].sum() for name in types if name.startswith(ROWS_IN)}
    grouped = below.group_by(CUSTOMER).aggregate(**counts, **{n: below[n].max() for n in types if n not in counts})
    missing = {c.name: missing_of(c) for c in contract.columns if c.name in names and not c.is_category}
    filled = {name: grouped[name].fill_null(value) for name, value in missing.items() if value is not None}
    return grouped.mutate(**{name: grouped[name].fill_null(0) for name in types if name.startswith(ROWS_IN)}, **filled)


def _of_one(part: Part, types: Mapping[str, dt.DataType]) -> ir.Table:
    """The rows of a part with all columns, missing where they are another part's."""
    own = types.keys() & set(part.table.columns)
    values: dict[str, ir.Value] = {CUSTOMER: part.table[CUSTOMER].cast("string")}
    for name, kind in types.items():
        if name in own:
            values[name] = part.table[name].cast(kind)
        elif name == f"{ROWS_IN}{part.raw_table}":
            values[name] = ibis.literal(1, kind)
        else:
            values[name] = ibis.null(kind)
    return part.table.select(**values)
