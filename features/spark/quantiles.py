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
    at = dict(zip(ranks, values_at(known, column, ranks, count), strict=True))
    between = [(at[int(low)], at[int(high)]) for low, high in zip(below, above, strict=True)]
    return np.array(
        [np.quantile(ends, place - low) for ends, place, low in zip(between, places, below, strict=True)],
        dtype=np.float64,
    )


def values_at(frame: Any, column: str, ranks: Sequence[int], count: int) -> list[float]:
    """The values of ranks, from 0, among the `count` values of a column of a Spark DataFrame, all of them known."""
    return list(frame.agg(ranked(column, ranks, count)).first()[0])


def ranked(column: str, ranks: Sequence[int], count: int) -> Any:
    """The aggregate of `values_at`; each share lies in the middle of its step, as rounding must not miss it."""
    from pyspark.sql import functions as spark

    shares = ", ".join(f"{(rank + 0.5) / count!r}D" for rank in ranks)
    return spark.expr(f"percentile_disc(array({shares})) WITHIN GROUP (ORDER BY {quoted_name(column, '`')})")
