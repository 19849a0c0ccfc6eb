"""The rules of subscription terms: when they end, and that a trial has no MRR.

They come after the canonical table, so that features, requests and histories read the same terms.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import ibis
import ibis.expr.types as ir

from features.tables.canonical import CanonicalTable

TRIAL = "trial"


def settle_terms(terms: CanonicalTable, ends: Literal["exclusive", "inclusive"]) -> CanonicalTable:
    """The terms with `ended_at` as the moment from which they no longer run, no money in trials, and `trial` 0 or 1.

    ends : "inclusive" where `ended_at` is the last day of use, so that the terms end with the midnight after it.
    """
    table = terms.table
    if ends == "inclusive" and "ended_at" in table.columns:
        table = table.mutate(ended_at=_midnight_after(table.ended_at))
    if TRIAL in table.columns:
        trial = table[TRIAL].fill_null(0.0)
        table = table.mutate(**{TRIAL: trial, "mrr": ibis.ifelse(trial == 1.0, 0.0, table.mrr)})
    return replace(terms, table=table)


def _midnight_after(moment: ir.TimestampValue) -> ir.TimestampValue:
    return moment.truncate("D") + ibis.interval(days=1)
