"""Lifetimes as figures: the median, and the share still subscribed after a year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analytics.catalogue.retention import LIFETIME_MEDIAN, SURVIVAL_12
from analytics.groups import SEGMENT
from analytics.intervals.marks import marks
from analytics.retention.kaplan_meier import LogRank
from analytics.retention.survival import Survival
from analytics.tidy import joined, rows_of
from segment_model.errors import counted

YEAR = 12  # months
HALF = 0.5
STILL_SUBSCRIBED = "more than half are still subscribed"


def lifetime_figures(survival: Survival, with_marks: bool = True) -> pd.DataFrame:
    """Rows of `FIGURES`. A curve that does not begin with the start of life gives no figure of whole lifetimes.

    A mark says that a segment's curve lies above or below that of all other customers (log-rank test).
    """
    curves = [curve for _, curve in survival.table.groupby(["grouping", "group"], sort=False)]
    if not curves:
        return joined([])
    keys = pd.DataFrame(
        [(c.grouping.iloc[0], c.group.iloc[0], "") for c in curves], columns=["grouping", "group", "period"]
    )
    medians = pd.DataFrame([_median(curve) for curve in curves])
    year = pd.DataFrame([_at(curve, YEAR) for curve in curves])
    tables = [
        rows_of(LIFETIME_MEDIAN, keys, medians.value, medians.n, medians.low, medians.high, medians.note),
        rows_of(SURVIVAL_12, keys, year.value, year.n, year.low, year.high, year.note),
    ]
    return joined([_marked(table, survival.against_rest) if with_marks else table for table in tables])


def _median(curve: pd.DataFrame) -> dict[str, object]:
    """The first month at which half have left; its interval by those of the curve (Brookmeyer and Crowley 1982)."""
    if note := _begins_late(curve):
        return _missing(curve, note)
    value, low, high = (_first_time(curve, name) for name in ("share", "low", "high"))
    note = STILL_SUBSCRIBED if np.isnan(value) else ""
    return {"value": value, "low": low if not note else np.nan, "high": high, "n": curve.at_risk.iloc[0], "note": note}


def _at(curve: pd.DataFrame, month: int) -> dict[str, object]:
    """The share still subscribed at a month of life."""
    if note := _begins_late(curve):
        return _missing(curve, note)
    row = curve[curve.time == month]
    if row.empty:
        return _missing(curve, f"followed for {counted(int(curve.time.max()), 'month')} only")
    own = row.iloc[0]
    return {"value": own.share, "low": own.low, "high": own.high, "n": curve.at_risk.iloc[0], "note": ""}


def _begins_late(curve: pd.DataFrame) -> str:
    first = int(curve.time.iloc[0])
    return f"known from month {first + 1} of life on" if first else ""


def _missing(curve: pd.DataFrame, note: str) -> dict[str, object]:
    return {"value": np.nan, "low": np.nan, "high": np.nan, "n": curve.at_risk.iloc[0], "note": note}


def _first_time(curve: pd.DataFrame, column: str) -> float:
    times = curve.time[curve[column] <= HALF]
    return float(times.iloc[0]) if len(times) else np.nan


def _marked(rows: pd.DataFrame, against_rest: Mapping[str, LogRank | None]) -> pd.DataFrame:
    is_segment = (rows.grouping == SEGMENT) & rows.value.notna()
    tests = [against_rest.get(group) for group in rows.group[is_segment]]
    longer = [-test.surplus if test else np.nan for test in tests]
    own = marks(longer, [test.p if test else np.nan for test in tests])
    return rows.assign(mark=pd.Series(own, index=rows.index[is_segment]).reindex(rows.index, fill_value=""))
