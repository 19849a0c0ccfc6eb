"""Quantiles of a column that stays in Spark: those of `numpy.quantile`, to the bit.

Spark finds the two values beside each quantile exactly; the line between them is drawn here. Its own `percentile`
draws it in another order of operations, and a score edge that is off by one bit moves whoever lies on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segment_model.sql_text import quoted_name


def quantiles_of(frame: Any, column: str, shares: Sequence[float]) -> NDArray[np.float64] | None:
    """The quantiles of the known values of a column of a Spark DataFrame; None without any."""
    from pyspark.sql import functions as spark

    known = frame.where(spark.col(quoted_name(column, "`")).isNotNull())
    count = known.count()
    if not count:
        return None
    places = np.asarray(shares) * (count - 1)
    below, above = np.floor(places), np.ceil(places)
    ranks = sorted({*below.astype(int).tolist(), *above.astype(int).tolist()})
    row = known.agg(*(_value_at(rank, count, column).alias(f"rank_{rank}") for rank in ranks)).first()
    between = [(row[f"rank_{int(low)}"], row[f"rank_{int(high)}"]) for low, high in zip(below, above, strict=True)]
    return np.array(
        [np.quantile(ends, place - low) for ends, place, low in zip(between, places, below, strict=True)],
        dtype=np.float64,
    )


def _value_at(rank: int, count: int, column: str) -> Any:
    """The value of a rank, counted from 0; the share lies in the middle of its step, as rounding must not miss it."""
    from pyspark.sql import functions as spark

    share = (rank + 0.5) / count
    return spark.expr(f"percentile_disc({share!r}D) WITHIN GROUP (ORDER BY {quoted_name(column, '`')})")
