"""Who is a customer at the as-of moment.

A table of customers without dates lists everyone who is known today. At an earlier as-of moment some of them were none
yet, and they would enter the past as customers who have long been silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

import pandas as pd

from features.as_of import AsOf
from features.joining.table_customers import LISTED, NO_IDS, OWN, TableCustomers
from features.notices import Notice
from segment_model.errors import SettingsError, counted

WithoutRows = Literal["automatic", "keep", "leave_out"]
DAY = timedelta(days=1)
LEFT_OUT = "left_out_without_rows"  # a count of the report


class Early(Enum):
    """Which of the customers without a row in another table are left out."""

    NOBODY = "nobody"
    UNDATED = "those whose own row has no date"
    WITHOUT_ROWS = "all of them"


@dataclass(frozen=True)
class LeftOut:
    """The ids of customers who are left out, and why."""

    ids: pd.Index
    notices: tuple[Notice, ...] = ()


NOBODY = LeftOut(NO_IDS)


def left_out(tables: Sequence[TableCustomers], as_of: AsOf, rule: WithoutRows) -> LeftOut:
    """The customers of the customers table who are left out for want of a row in another table before `as_of`.

    Under "automatic" these are the undated ones, and only where the as-of moment lies before the newest row of the
    other tables. Without another table nobody is left out.

    Raises
    ------
    SettingsError
        If "leave_out" is asked for without another table.
    """
    who = who_is_left_out(tables, as_of, rule)
    listed = next((table for table in tables if table.name == LISTED), None)
    if listed is None or who is Early.NOBODY:
        return NOBODY
    without = _without_rows(listed, tables)
    if who is Early.WITHOUT_ROWS:
        return LeftOut(without)
    early = without if listed.undated is None else without.intersection(listed.undated)
    return LeftOut(early, early_notices(len(early), tables, as_of))


def who_is_left_out(tables: Sequence[TableCustomers], as_of: AsOf, rule: WithoutRows) -> Early:
    """Which customers without a row in another table are left out; of the tables, names and moments are looked at.

    Raises
    ------
    SettingsError
        As `left_out`.
    """
    dated = [table for table in tables if table.is_dated]
    if rule == "keep" or not any(table.name == LISTED for table in tables):
        return Early.NOBODY
    if not dated and rule == "leave_out":
        raise SettingsError(
            "sources.customers.without_rows: leave_out needs orders, events or subscriptions: without them no "
            "customer has a row"
        )
    if not dated:
        return Early.NOBODY
    if rule == "leave_out":
        return Early.WITHOUT_ROWS
    newest = _newest(tables)
    return Early.NOBODY if newest is None or as_of.local >= newest else Early.UNDATED


def early_notices(number: int, tables: Sequence[TableCustomers], as_of: AsOf) -> tuple[Notice, ...]:
    """That so many customers are left out whom no date places before the as-of moment; nothing of none."""
    newest = _newest(tables)
    if not number or newest is None:
        return ()
    return (_notice(number, [table for table in tables if table.is_dated], as_of, newest),)


def attribute_notices(tables: Sequence[TableCustomers], as_of: AsOf) -> list[Notice]:
    """That columns without dates are those of today, where the as-of moment lies more than a day in the past."""
    newest = _newest(tables)
    if newest is None or newest - as_of.local <= DAY:
        return []
    not_past = f"as the table has them, not as of {as_of.local:%Y-%m-%d}"
    notices = []
    for table in tables:
        if table.name == LISTED and table.undated is not None and len(table.undated) == len(table.ids):
            notices.append(Notice(LISTED, f"no known_at dates the attributes: they are {not_past}"))
        if table.name == OWN:
            notices.append(
                Notice(OWN, f"no row has a date: the columns are {not_past}, and may tell what came after", True)
            )
    return notices


def _newest(tables: Sequence[TableCustomers]) -> datetime | None:
    return max((table.newest for table in tables if table.is_dated and table.newest is not None), default=None)


def _without_rows(listed: TableCustomers, tables: Sequence[TableCustomers]) -> pd.Index:
    without = listed.ids
    for table in tables:
        without = without if table is listed else without.difference(table.ids)
    return without


def _notice(number: int, dated: Sequence[TableCustomers], as_of: AsOf, newest: datetime) -> Notice:
    names = " or ".join(table.name for table in dated)
    return Notice(
        LISTED,
        f"{counted(number, 'customer')} without a row in {names} before {as_of.local:%Y-%m-%d} "
        f"{'is' if number == 1 else 'are'} left out: without known_at they may have come later, as rows go on to "
        f"{newest:%Y-%m-%d}; `sources: {{customers: {{without_rows: keep}}}}` keeps them",
    )
