"""Customers who were exposed before the data begin: of their windows nothing, or only the end, is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir
import pandas as pd

from segment_model.errors import counted


@dataclass(frozen=True)
class DataStart:
    """The first row of a raw table, None where it has none, and how many were exposed before it, by experiment."""

    table: str
    moment: datetime | None
    before: Mapping[str, int]

    @classmethod
    def of(cls, table: str, moment: datetime | None, exposed: pd.DataFrame) -> DataStart:
        """exposed : a row a customer and experiment, with `experiment`, and `exposed_at` on the wall clock."""
        early = exposed["experiment"][exposed["exposed_at"] < moment] if moment else exposed["experiment"].head(0)
        return cls(table, moment, {str(name): int(number) for name, number in early.value_counts(sort=False).items()})

    def seen(self, exposed: ir.Table) -> ir.Table:
        """The exposures, with `exposed_at`, after which the table saw the whole window."""
        return exposed if self.moment is None else exposed.filter(self.is_seen(exposed))

    def is_seen(self, exposed: ir.Table) -> ir.BooleanValue:
        """Whether the table saw the whole window after each exposure."""
        if self.moment is None:
            return ibis.literal(True)
        return exposed.exposed_at >= ibis.literal(self.moment, "timestamp")

    @property
    def notes(self) -> list[str]:
        """Who is not counted, in sentences."""
        return [
            f"{experiment}: {counted(number, 'exposed customer')} not counted by what {self.table} tell, since "
            f"{self.table} begin on {self.moment:%Y-%m-%d}, after the exposure"
            for experiment, number in sorted(self.before.items())
        ]
