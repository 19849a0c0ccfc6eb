"""Shares of levels and quartiles of all customers by segment, counted in Spark, as `analytics.distributions` in memory.

Counts and shares are exact, quartiles are NumPy's but for the last digits. Whether the values of a segment tend to be
higher is asked of a histogram (`RANKED` cuts at quantiles of the column): exact for columns of few different values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.distributions.labelled import shown_columns
from analytics.distributions.level_shares import NO, YES, LevelCounts, has_levels, shares_of_counts
from analytics.distributions.quartiles import (
    QUARTERS,
    NumberSummary,
    quartiles_of_summaries,
    rank_differences_of_counts,
)
from analytics.groups import MOST_LEVELS, OTHER
from analytics.history import EVERYONE
from jobs.spark.assigned_everyone import COLUMNS_AT_ONCE, known
from jobs.spark.segment_sums import in_chunks
from segment_model.contract import Column, Kind, VectorContract
from segment_model.encoding.encoder import Floats
from segment_model.sql_text import quoted_name

if TYPE_CHECKING:
    import pyarrow as pa

LABEL = "segment of the customer"  # with blanks, so that no column of a vector is called so
RANKED = 256  # customers of one interval between cuts count as equal: at most that part of all
NO_QUARTILES = [np.nan] * len(QUARTERS)
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelledCustomers:
    """All customers as a Spark DataFrame of `customer_id`, their vectors and `LABEL`.

    groups : the segments that occur, those of the model first. counts : (1 + groups,) each, of everyone and then of
    each group: the customers, then whatever else was counted of them.
    """

    frame: Any
    groups: tuple[str, ...]
    counts: tuple[Counts, ...]

    @classmethod
    def of(cls, frame: Any, segments: Sequence[str], counts: Mapping[str, Sequence[int]], kinds: int) -> Self:
        """segments : the ids of the model. counts : by label so many kinds, the customers first."""
        groups = (*segments, *sorted(counts.keys() - {*segments}))
        of_groups = ({name: own[kind] for name, own in counts.items()} for kind in range(kinds))
        return cls(frame, groups, tuple(_with_everyone(own, groups) for own in of_groups))

    @property
    def everyone_and_groups(self) -> tuple[str, ...]:
        """The names of the counts."""
        return EVERYONE, *self.groups


@dataclass(frozen=True)
class HistogramCounter:
    """Maps the record batches of a partition to a row for each group in each place of each column that has customers.

    cuts : ascending, by column. A column with m cuts has 2 m + 1 places: each cut, and what lies beside it.
    """

    cuts: Mapping[str, Floats]
    groups: tuple[str, ...]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        width = len(self.groups)
        counts = [np.zeros((2 * len(cuts) + 1) * width, dtype=np.int64) for cuts in self.cuts.values()]
        for batch in in_chunks(batches):
            codes = pd.Index(self.groups).get_indexer(batch[LABEL].to_pandas())
            for own, (name, cuts) in zip(counts, self.cuts.items(), strict=True):
                values = batch[name].to_pandas().to_numpy(dtype=np.float64)
                here = ~np.isnan(values)
                own += np.bincount(places_of(values[here], cuts) * width + codes[here], minlength=len(own))
        whole = np.concatenate(counts)
        filled = np.flatnonzero(whole)
        columns = [pa.array(filled, pa.int32()), pa.array(whole[filled], pa.int64())]
        yield pa.RecordBatch.from_arrays(columns, ["place", "customers"])

    def histograms(self, customers: Mapping[int, int]) -> dict[str, Counts]:
        """By column the (places, groups) customers; customers : the rows of this mapper, added up by place."""
        sizes = [(2 * len(cuts) + 1) * len(self.groups) for cuts in self.cuts.values()]
        whole = np.zeros(sum(sizes), dtype=np.int64)
        whole[list(customers)] = list(customers.values())
        parts = np.split(whole, np.cumsum(sizes)[:-1])
        return {name: part.reshape(-1, len(self.groups)) for name, part in zip(self.cuts, parts, strict=True)}


def places_of(values: Floats, cuts: Floats) -> npt.NDArray[np.intp]:
    """Where (n,) known values lie among ascending cuts: 2 i + 1 at the i-th cut, 2 i between it and the one before."""
    below = np.searchsorted(cuts, values, side="left")
    at = np.append(cuts, np.nan)[below] == values
    places: npt.NDArray[np.intp] = (2 * below + at).astype(np.intp)
    return places


def distributions_in_spark(
    labelled: LabelledCustomers, contract: VectorContract, floor: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables `SHARES` and `QUARTILES`. contract : of the vectors. floor : as of `level_shares`."""
    frame, groups, n = labelled.frame, labelled.groups, labelled.counts[0]
    columns = shown_columns(contract)
    counted_levels = [(column, _levels(frame, column, groups)) for column in columns if has_levels(column)]
    summaries = _summaries(frame, [column for column in columns if not has_levels(column)], groups)
    everyone = labelled.everyone_and_groups
    return shares_of_counts(everyone, n, counted_levels, floor), quartiles_of_summaries(everyone, n, summaries, floor)


def _with_everyone(counts: Mapping[str, int], groups: Sequence[str]) -> Counts:
    own = np.array([counts.get(group, 0) for group in groups], dtype=np.int64)
    return np.append(own.sum(), own)


def _levels(frame: Any, column: Column, groups: Sequence[str]) -> LevelCounts:
    """The customers of each level, of the commonest alone and "other" for the rest."""
    from pyspark.sql import functions as spark

    values = known(column)
    level = spark.when(values == 1, YES).when(values == 0, NO) if column.kind is Kind.FLAG else values
    levels = frame.select(level.alias("level"), spark.col(f"`{LABEL}`").alias("label")).where("level IS NOT NULL")
    largest = levels.groupBy("level").count().orderBy(spark.desc("count"), "level").limit(MOST_LEVELS).collect()
    shown = [row["level"] for row in largest]
    pooled = spark.when(spark.col("level").isin(shown), spark.col("level")).otherwise(OTHER)
    counts: dict[str, dict[str, int]] = {}
    for row in levels.groupBy(pooled.alias("level"), "label").count().collect():
        counts.setdefault(row["level"], {})[row["label"]] = row["count"]
    return {name: _with_everyone(of_groups, groups) for name, of_groups in counts.items()}


def _summaries(frame: Any, columns: Sequence[Column], groups: tuple[str, ...]) -> list[tuple[Column, NumberSummary]]:
    """What is known of each number."""
    if not columns:
        return []
    counter = HistogramCounter(_cuts(frame, columns), groups)
    asked = frame.select(f"`{LABEL}`", *(quoted_name(column.name, "`") for column in columns))
    rows = asked.mapInArrow(counter, "place int, customers bigint").groupBy("place").sum("customers").collect()
    histograms = counter.histograms({row[0]: row[1] for row in rows})
    quartiles = _quartiles(frame, columns)
    summaries = []
    for column in columns:
        histogram, cuts = histograms[column.name], quartiles[column.name]
        answered = np.append(histogram.sum(), histogram.sum(axis=0))
        of_groups = np.array([cuts.get(group, NO_QUARTILES) for group in (None, *groups)], dtype=np.float64)
        summaries.append((column, NumberSummary(answered, of_groups, *rank_differences_of_counts(histogram))))
    return summaries


def _cuts(frame: Any, columns: Sequence[Column]) -> dict[str, Floats]:
    """Values of each column at which its histogram is cut: quantiles, so that no interval between two holds many."""
    from pyspark.sql import functions as spark

    shares = [place / RANKED for place in range(RANKED + 1)]
    accuracy = 40 * RANKED
    asked = [spark.percentile_approx(known(c), shares, accuracy).alias(str(p)) for p, c in enumerate(columns)]
    row = frame.agg(*asked).first()
    return {c.name: np.unique(np.array(row[str(p)] or [], dtype=np.float64)) for p, c in enumerate(columns)}


def _quartiles(frame: Any, columns: Sequence[Column]) -> dict[str, dict[str | None, list[float]]]:
    """By column the quartiles of each segment with a known value, and under None those of everyone."""
    from pyspark.sql import functions as spark

    of_columns: dict[str, dict[str | None, list[float]]] = {}
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        together = columns[start : start + COLUMNS_AT_ONCE]
        asked = [spark.percentile(known(c), list(QUARTERS)).alias(str(place)) for place, c in enumerate(together)]
        rows = frame.rollup(f"`{LABEL}`").agg(*asked).collect()
        for place, column in enumerate(together):
            of_columns[column.name] = {row[LABEL]: row[str(place)] for row in rows if row[str(place)] is not None}
    return of_columns
