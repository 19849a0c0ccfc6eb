"""Columns of years: recognised by their values, so that 2010 is written as a year and not as 2,010."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from segment_model.contract import YEAR, Column, Kind

FIRST, LAST = 1800, 2100
MOSTLY = 0.99  # of the known values; the rest are mistakes of typing, such as the year 0


def with_unit_of_years(column: Column, values: pd.Series[Any]) -> Column:
    """The column with the unit "year" if it has none and nearly all of its known values are years.

    A mistaken one costs a separator of thousands; a model compares columns without this unit (`Column.measure`).
    """
    if column.unit or column.kind not in (Kind.NUMBER, Kind.COUNT):
        return column
    known = values.dropna().to_numpy(dtype=np.float64)
    if not len(known):
        return column
    are_years = (known == np.round(known)) & (known >= FIRST) & (known <= LAST)
    return replace(column, unit=YEAR) if float(np.mean(are_years)) >= MOSTLY else column
