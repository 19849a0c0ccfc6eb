"""Rare levels of categories are shown together: a thousand cities, each of a few customers, say nothing one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from segment_model.contract import Column
from segment_model.encoding.encoder import CategoryEncoding

OTHER = CategoryEncoding.OTHER
RARE_SHARE = 0.01  # of the customers whose level is known; a rarer level is shown as `OTHER`


def with_rare_levels_pooled(frame: pd.DataFrame, columns: Iterable[Column]) -> pd.DataFrame:
    """The customers, one row each, with the rare levels of their category columns as `OTHER`."""
    categories = [column.name for column in columns if column.is_category]
    pooled = {name: _pooled(frame[name]) for name in categories}
    return frame.assign(**{name: values for name, values in pooled.items() if values is not None})


def usual_levels(known: pd.Series[str]) -> pd.Index:
    """The levels that are not rare, of customers whose level is known."""
    counts = known.value_counts()
    return counts.index[counts >= RARE_SHARE * len(known)]


def _pooled(values: pd.Series[Any]) -> pd.Series[Any] | None:
    """None where no level is rare."""
    is_kept = values.isna() | values.isin(usual_levels(values.dropna()))
    return None if is_kept.all() else values.astype("str").where(is_kept, OTHER).where(values.notna())
