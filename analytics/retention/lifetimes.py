"""Lifetimes of subscriptions in months of life, counted by group in the engine.

A lifetime runs from a customer's first paid start to the end of its last paid term, whatever lies between. Month m of
life is the m-th month after the start by the calendar. A month of life that was not over by `observed_until` is not
known yet: a customer is observed for whole months, and one who leaves later counts as still subscribed.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
from ibis import _

from analytics.customer_months import month_position
from analytics.fetched import fetched
from analytics.groups import Groupings
from analytics.history import EVERYONE, NOT_ASSIGNABLE, DatedRows, History
from analytics.money.paying_months import never_runs, paid_terms

WHAT = "lifetimes of subscriptions"
Counts = npt.NDArray[np.int64]


def lifetimes(history: History, terms: DatedRows, groupings: Groupings) -> ir.Table:
    """Kept: a row a customer with `entry`, `exit` (months of life), `left`, and a column for each grouping.

    A customer counts in the group in which it was at the first month end of the record at which the model could read
    it, and there only from that month of life on (`entry`): what it did before belongs to no group, and what it does
    after cannot choose the group. Whoever left before that month end belongs to no group (`position` is missing); the
    first month of life counts whole for those who were subscribed at the month end within it. `exit` is the last month
    of life that is known: the customer left in it, or stayed.
    """
    paid = paid_terms(terms.rows)
    paid = paid.filter((paid.cents > 0) & ~never_runs(paid))
    if "ended_at" not in paid.columns:
        paid = paid.mutate(ended_at=ibis.null("timestamp"))
    each = paid.group_by("customer_id").aggregate(
        start=paid.started_at.min(), end=paid.ended_at.max(), runs=paid.ended_at.isnull().max()
    )
    months = _months_of_life(each, history)
    assigned = terms.members.filter(terms.members.segment != NOT_ASSIGNABLE)
    entries = assigned.group_by(own_id="customer_id").aggregate(member_from=_.position.min().cast("int64"))
    with_entry = months.left_join(entries, months.customer_id == entries.own_id).drop("own_id")
    with_entry = with_entry.rename(position="member_from")
    subscribed_then = with_entry.last_position >= with_entry.position
    with_entry = with_entry.mutate(position=ibis.ifelse(subscribed_then, with_entry.position, None))
    grouped = groupings.with_groups(with_entry, terms.members)
    lived = grouped.position - grouped.start_position + 1  # months of life that had begun at the month end
    entry = ibis.ifelse(lived > 1, lived, 0)
    return history.keep(grouped.mutate(entry=entry).drop("start_position", "last_position"))


def _months_of_life(each: ir.Table, history: History) -> ir.Table:
    """`exit` and `left` of each customer, out of the moments `start`, `end` and whether it still `runs`."""
    ends, until = history.month_ends, ibis.literal(history.month_ends.observed_until, "timestamp")
    first, last, now = (month_position(moment, ends) for moment in (each.start, each.end, until))
    lived = last - first + ibis.ifelse(each.end.day() > each.start.day(), 1, 0)  # a part of a month is one more
    lived = ibis.greatest(lived, ibis.literal(1, "int64"))
    known = now - first - ibis.ifelse(until.day() < each.start.day(), 1, 0)  # whole months
    left = ~each.runs & (lived <= known)
    return each.select(
        customer_id=each.customer_id,
        start_position=first,
        last_position=ibis.ifelse(each.runs, len(ends.months), last - 1),  # the last month end at which terms run
        exit=ibis.ifelse(left, lived, known),
        left=left,
    )


def counts_by_month(table: ir.Table, grouping: str) -> tuple[tuple[str, ...], Counts, Counts]:
    """The groups in order of name, and (groups, months) counts of customers at risk and of those who left, for the
    months of life from 1 on.

    table : of `lifetimes`. Everyone counts from the first month of life on.
    """
    if grouping == EVERYONE:
        rows = table.select("exit", "left", group=ibis.literal(EVERYONE), entry=ibis.literal(0, "int64"))
    else:  # those who were never a member belong to no group
        rows = table.filter(table.position.notnull()).select("exit", "left", "entry", group=table[grouping])
    rows = rows.filter(rows.exit > rows.entry)
    entered = fetched(rows.group_by("group", month=rows.entry + 1).aggregate(customers=_.count()), WHAT)
    gone = fetched(rows.group_by("group", month=rows.exit).aggregate(customers=_.count(), left=_.left.sum()), WHAT)
    groups = tuple(sorted(set(gone.group)))
    places = {name: place for place, name in enumerate(groups)}
    shape = len(groups), int(gone.month.max()) if len(gone) else 0
    left, exits, entries = (
        _placed(counts.group.map(places), counts.month.to_numpy(dtype=np.int64), values, shape)
        for counts, values in ((gone, gone.left), (gone, gone.customers), (entered, entered.customers))
    )
    before = np.cumsum(exits, axis=1) - exits  # those who were gone before the month
    return groups, np.cumsum(entries, axis=1) - before, left


def _placed(places: npt.ArrayLike, months: Counts, counts: npt.ArrayLike, shape: tuple[int, int]) -> Counts:
    """Counts by the place of their group and by month of life, from 1 on."""
    table = np.zeros(shape, dtype=np.int64)
    table[np.asarray(places, dtype=np.int64), months - 1] = np.asarray(counts, dtype=np.int64)
    return table
