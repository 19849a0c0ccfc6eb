"""All retention of a record: cohorts, members who stay active, lifetimes of subscriptions."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analytics.catalogue.retention import RETENTION
from analytics.customer_months import CustomerMonths
from analytics.fetched import fetched
from analytics.groups import Groupings
from analytics.history import History
from analytics.marking import Marking
from analytics.options import RecordOptions
from analytics.record import SURVIVAL
from analytics.retention.cohorts import cohorts, without_small_cohorts
from analytics.retention.later_months import members_and_months
from analytics.retention.lifetime_figures import lifetime_figures
from analytics.retention.lifetimes import lifetimes
from analytics.retention.member_retention import member_retention
from analytics.retention.retention_figures import retention_figures
from analytics.retention.survival import survival
from analytics.tidy import joined


@dataclass(frozen=True)
class Retention:
    """Tables of a record, rows of its figures, and what was assumed."""

    cohorts: pd.DataFrame
    retention: pd.DataFrame
    survival: pd.DataFrame
    figures: pd.DataFrame
    notes: tuple[str, ...]


def all_retention(
    history: History, months: CustomerMonths, groupings: Groupings, options: RecordOptions, marking: Marking
) -> Retention:
    """Cohorts, the retention of members, and of subscriptions the lifetimes.

    Raises
    ------
    SourceError
        If an engine fails.
    """
    members = members_and_months(history, months, groupings, tuple(RETENTION))
    figures = [retention_figures(members, history, groupings, options, marking)]
    notes = [
        f"In retention and cohorts, “active” means {months.activity}",
        "A cohort is split by the segments of its customers at the end of its third month, and by their attributes at "
        "the end of its first period; the average of unbounded retention multiplies the shares kept from period to "
        "period, so that it never rises",
    ]
    notes += _beginning(history, months)
    curves = pd.DataFrame(columns=list(SURVIVAL))
    if history.terms is not None:
        lived = survival(lifetimes(history, history.terms, groupings), groupings, history.segments, options.floor)
        curves = lived.table
        short_history = not options.short_history.isdisjoint(range(len(history.month_ends.months)))
        figures.append(lifetime_figures(lived, with_marks=options.intervals and not short_history))
        notes += () if short_history else lived.notes
    return Retention(
        without_small_cohorts(cohorts(history, months, groupings, options.cohorts), options.floor),
        member_retention(members, history, options.floor),
        curves,
        joined(figures),
        tuple(notes),
    )


def _beginning(history: History, months: CustomerMonths) -> list[str]:
    """That old customers count as new where no row lies before the record."""
    first = fetched(months.firsts.aggregate(position=months.firsts["first"].min()), "the first month").position[0]
    if pd.isna(first) or not 1 <= first <= len(history.month_ends.months):  # beyond: in the month that is not over
        return []
    month = history.month_ends.months[int(first) - 1]
    return [f"The tables begin in {month}: whoever was a customer before counts as new in that month"]
