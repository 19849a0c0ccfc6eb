"""Looks at all tables together, once each has given its customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from features.as_of import AsOf, NoAsOf
from features.joining.as_of_range import as_of_notices
from features.joining.dominant_customer import dominant_notices
from features.joining.id_overlap import overlap_notices
from features.joining.id_rules import CUSTOMER
from features.joining.population import LEFT_OUT, attribute_notices, left_out
from features.joining.table_customers import LISTED, TableCustomers
from features.notices import Notice
from features.settings import IdSettings
from features.source_settings import Sources

LAST = AsOf(datetime.max, datetime.max.replace(tzinfo=UTC))  # stands for no moment: then no table has dates


@dataclass(frozen=True)
class BetweenTables:
    """The customers to leave out, their count by table for the report, and what a person should know."""

    left_out: pd.Index
    counts: Mapping[str, Mapping[str, int]]
    notices: tuple[Notice, ...]


def look_between(
    tables: Sequence[TableCustomers], as_of: AsOf | NoAsOf, sources: Sources, ids: IdSettings
) -> BetweenTables:
    """Compare the ids of the tables, the as-of moment with their rows, and the customers with each other.

    Raises
    ------
    SourceError
        If tables share no id.
    SettingsError
        If the settings leave out customers without rows, and no table has rows.
    """
    met = overlap_notices(tables, ids)
    moment = as_of if isinstance(as_of, AsOf) else LAST
    early = left_out(tables, moment, sources.customers.without_rows if sources.customers else "keep")
    counts = {LISTED: {LEFT_OUT: len(early.ids)}} if len(early.ids) else {}
    dominant = [notice for table in tables for notice in dominant_notices(table, *id_column(sources, table.name))]
    past = (*early.notices, *attribute_notices(tables, moment), *as_of_notices(tables, moment))
    return BetweenTables(early.ids, counts, (*met, *past, *dominant))


def id_column(sources: Sources, table: str) -> tuple[str, str | None]:
    """The customer's id in the user's table, and the condition by which the source chooses rows."""
    source = getattr(sources, table, None)
    return (CUSTOMER, None) if source is None else (source.columns.get(CUSTOMER, CUSTOMER), source.where)
