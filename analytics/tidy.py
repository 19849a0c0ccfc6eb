"""Builds the rows of `AnalystRecord.figures`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics.record import FIGURES, Definition, Mark
from segment_model.errors import counted

TEXTS = ("figure", "grouping", "group", "period", "mark", "note")


def rows_of(
    definition: Definition,
    keys: pd.DataFrame,
    values: Any,
    n: Any,
    low: Any = np.nan,
    high: Any = np.nan,
    note: Any = "",
) -> pd.DataFrame:
    """Rows of one figure.

    keys : `grouping`, `group` and `period` of each row. The other arguments are arrays as long, or one for all rows.
    """
    numbers = {"value": values, "low": low, "high": high, "n": n}
    columns = {name: np.asarray(numbers[name], dtype=float) * np.ones(len(keys)) for name in numbers}
    texts = {"figure": definition.name, "mark": str(Mark.NONE), "note": note}
    return keys.assign(**columns, **texts).loc[:, list(FIGURES)]


def not_below_zero(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of money that nobody has less than nothing of: the interval of an amount above zero does not go below it."""
    return rows.assign(low=rows.low.where(rows.value < 0, rows.low.clip(lower=0)))


def with_floor(rows: pd.DataFrame, floor: int) -> pd.DataFrame:
    """Rates without those of fewer customers than the floor, which say so instead."""
    few = rows.n < floor
    text = f"fewer than {counted(floor, 'customer')}"
    blank = rows.assign(**{name: rows[name].mask(few) for name in ("value", "low", "high")})
    return blank.assign(note=rows.note.mask(few & (rows.note == ""), text))


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """All rows below one another, with the columns of FIGURES; no rows where there are no tables."""
    whole = [table for table in tables if len(table)]
    if not whole:
        return pd.DataFrame(columns=list(FIGURES))
    return pd.concat(whole, ignore_index=True).astype(dict.fromkeys(TEXTS, "str"))
