"""The rules of subscription terms: when they end, and that a trial has no MRR.

They come after the canonical table, so that features, requests and histories read the same terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

from features.tables.canonical import CanonicalTable, Tally
from segment_model.errors import SourceError, counted

TRIAL = "trial"


def settle_terms(terms: CanonicalTable, ends: Literal["exclusive", "inclusive"]) -> CanonicalTable:
    """The terms with `ended_at` as the moment from which they no longer run, no money in trials, and `trial` 0 or 1.

    ends : "inclusive" where `ended_at` is the last day of use, so that the terms end with the midnight after it. The
    tallies raise SourceError where `trial` is a number such as the days of a trial.
    """
    table, tallies = terms.table, terms.tallies
    if ends == "inclusive" and "ended_at" in table.columns:
        table = table.mutate(ended_at=_midnight_after(table.ended_at))
    if TRIAL in table.columns:
        tallies = (*tallies, _only_yes_or_no(table))
        trial = table[TRIAL].fill_null(0.0)
        table = table.mutate(**{TRIAL: trial, "mrr": ibis.ifelse(trial == 1.0, 0.0, table.mrr)})
    return replace(terms, table=table, tallies=tallies)


def _only_yes_or_no(table: ir.Table) -> Tally:
    """A tally without counts that refuses other numbers than 0 and 1 in `trial`; a request cannot have them."""
    odd = table[TRIAL].notnull() & (table[TRIAL] != 0) & (table[TRIAL] != 1)
    sums = table.aggregate(odd=odd.sum(), example=table[TRIAL].max(where=odd))

    def count_rows(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
        if number := int(totals["odd"] or 0):
            raise SourceError(
                f"subscriptions: trial holds {counted(number, 'number')} other than 0 and 1, such as "
                f"{totals['example']:g}: write whether the terms are a trial, yes or no; where the column says how "
                "long trials are, leave it out by `not_read: [trial]`"
            )
        return dict(counts)

    return Tally(sums, count_rows, "subscriptions: looking at trials", only_notices=True)


def _midnight_after(moment: ir.TimestampValue) -> ir.TimestampValue:
    return moment.truncate("D") + ibis.interval(days=1)
