"""Places a table of members in the engine of raw rows, with customer ids of one type on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import ibis.expr.types as ir
import pandas as pd

from features.history.temporary_tables import CUSTOMER, TemporaryTables
from features.joining.id_type import are_whole_numbers
from features.vector_table import IdType


@dataclass(frozen=True)
class PlacedMembers:
    """Members, placed once in each engine that asks.

    members : `customer_id` as text, and columns of text or numbers.
    """

    members: pd.DataFrame
    temporary: TemporaryTables
    _placed: dict[tuple[int, IdType], ir.Table] = field(default_factory=dict)

    def beside(self, rows: ir.Table) -> tuple[ir.Table, ir.Table]:
        """The rows, and the members in their engine.

        Ids are whole numbers of 64 bits where they are in both, which engines join faster, else text.

        Raises
        ------
        SourceError
            If the engine refuses a temporary table.
        """
        written = rows[CUSTOMER].type()
        is_whole = written.is_integer() and not written.is_uint64() and self._are_whole
        ids = IdType.INTEGER if is_whole else IdType.TEXT
        place = id(rows.get_backend()), ids
        if place not in self._placed:
            self._placed[place] = self.temporary.place(self.members, rows, ids)
        return rows.mutate(**{CUSTOMER: rows[CUSTOMER].cast("int64" if is_whole else "string")}), self._placed[place]

    @cached_property
    def _are_whole(self) -> bool:
        return are_whole_numbers(pd.Index(self.members[CUSTOMER].unique()))
