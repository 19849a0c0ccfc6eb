"""Money in one currency and in whole units, less what was given back.

The steps come after the canonical table and consume its columns `currency` and `refunded_amount`, so that everything
after them, and the rows of a request, have amounts of one currency only.
"""

from __future__ import annotations

from features.settings import FeatureSettings
from features.source_settings import TableSource
from features.tables.canonical import CanonicalTable
from features.tables.currencies import MONEY, in_one_currency
from features.tables.refunded_amounts import REFUNDED, less_refunded_amounts


def settle_money(table: CanonicalTable, source: TableSource, settings: FeatureSettings) -> CanonicalTable:
    """The table with its money in `features.currency`, in whole units and less refunds; a table without money as it is.

    Raises
    ------
    SourceError
        If the settings of currencies do not fit the table. The tallies raise it for several currencies without rates,
        and for a currency without a rate.
    """
    if table.name not in MONEY:
        return table
    table = in_one_currency(table, source, settings.currency)
    if REFUNDED not in table.table.columns:
        return table
    return less_refunded_amounts(table, full_ones_dropped=settings.rfm.refunds == "dropped")
