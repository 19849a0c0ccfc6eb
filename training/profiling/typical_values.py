"""What is typical of customers: the median of a number, the commonest level of a category."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segment_model.contract import Column


def typical_value(values: pd.Series[Any], column: Column) -> float | str | None:
    """The median, or the commonest level (of equally common ones the first by name); None where no value is known."""
    known = values.dropna()
    if known.empty:
        return None
    if column.is_category:
        counts = known.astype(str).value_counts()
        return str(min(counts[counts == counts.max()].index))
    return float(np.median(known.to_numpy(dtype=np.float64)))
