"""All customers in Spark with their segments, and the statistics of them: sizes, medians, levels, totals, true words.

Everything is exact but totals of money, whose last digits depend on the order of addition. For medians a worker keeps
the distinct values of a few columns in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from features.sources import plain_errors
from jobs.spark.segment_sums import in_chunks
from segment_model.assigners.assigner import Assigner
from segment_model.contract import Column, VectorContract
from segment_model.encoding.encoder import CategoryEncoding, Encoder
from segment_model.encoding.reader import CustomerReader
from segment_model.sql_text import quoted_name
from training.money_columns import adds_up
from training.profiling.money import Totals
from training.profiling.profile import Profile, Typical
from training.profiling.rare_levels import RARE_SHARE
from training.profiling.words.word import Truth, Word
from training.profiling.words.word_rules import Spread

if TYPE_CHECKING:
    import pyarrow as pa

SEGMENT, FORMER = "segment of all", "segment by the sample"  # with blanks, so that no column of a vector is called so
WHOLE = "cannot ask all customers"
OTHER = CategoryEncoding.OTHER
QUANTILES, LEAST, MOST, TOTAL = "quantiles", "least", "most", "total"
COLUMNS_AT_ONCE = 8  # whose distinct values a worker keeps


@dataclass(frozen=True)
class Marker:
    """Adds to record batches of customers the positions of their segments by two assigners, -1 for none."""

    basis: VectorContract
    encoder: Encoder
    assigner: Assigner
    former: Assigner

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        reader = CustomerReader(self.basis, self.encoder)
        for batch in in_chunks(batches):
            points = self.encoder.encode(reader.frame(batch.select(list(self.basis.names)).to_pandas()))
            marks = []
            for assigner in (self.assigner, self.former):
                near = assigner.nearest(points)
                marks.append(pa.array(np.where(near.outside, -1, near.segment), pa.int32()))
            names = [*batch.schema.names, SEGMENT, FORMER]
            yield pa.RecordBatch.from_arrays([*batch.columns, *marks], names)


@dataclass(frozen=True)
class TruthCounter:
    """Maps the record batches of a partition to one row: of how many customers of each segment each word is true.

    The row has words x (segments + 1) counts, word by word, first those of the unassigned.
    """

    words: tuple[Word, ...]
    segments: int

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        counts = np.zeros((len(self.words), self.segments + 1), dtype=np.int64)
        for batch in in_chunks(batches):
            frame = batch.to_pandas()
            places = frame[SEGMENT].to_numpy() + 1
            for own, word in zip(counts, self.words, strict=True):
                own += np.bincount(places[word.condition.holds(frame)], minlength=self.segments + 1)
        yield pa.RecordBatch.from_arrays([pa.array([counts.ravel()], pa.list_(pa.int64()))], ["true"])


@dataclass(frozen=True)
class NumberFigures:
    """The spread of a number among some customers, None where none is known; and the sum, 0 without any."""

    spread: Spread | None
    total: float

    @classmethod
    def of(cls, row: Mapping[str, Any], column: Column) -> Self:
        """The figures of a column in a row of the aggregates of `asked_of`."""
        quantiles, least, most, total = (row[f"{name} {column.name}"] for name in (QUANTILES, LEAST, MOST, TOTAL))
        if least is None:
            return cls(None, 0.0)
        lower, median, upper = quantiles
        return cls(Spread(least, lower, median, upper, most), total)


def asked_of(column: Column) -> list[Any]:
    """The aggregates of a number in a Spark DataFrame, from which `NumberFigures` are made."""
    from pyspark.sql import functions as spark

    values = known(column)
    aggregates = {
        QUANTILES: spark.percentile(values, [1 / 3, 0.5, 2 / 3]),
        LEAST: spark.min(values),
        MOST: spark.max(values),
        TOTAL: spark.sum(values),
    }
    return [aggregate.alias(f"{name} {column.name}") for name, aggregate in aggregates.items()]


@dataclass(frozen=True)
class SparkAssigned:
    """All customers as a Spark DataFrame of the contract's columns, with their segments by two assigners."""

    frame: Any
    contract: VectorContract
    segments: int

    @cached_property
    def moved(self) -> int:
        """How many customers are in another segment than by the former assigner.

        Raises
        ------
        SourceError
            If Spark fails.
        """
        from pyspark.sql import functions as spark

        with plain_errors(WHOLE):
            return int(self.frame.where(spark.col(f"`{SEGMENT}`") != spark.col(f"`{FORMER}`")).count())

    @cached_property
    def sizes(self) -> Mapping[int, int]:
        """How many customers each segment has, by position; -1 for the unassigned."""
        with plain_errors(WHOLE):
            rows = self.frame.groupBy(f"`{SEGMENT}`").count().collect()
        return {**dict.fromkeys(range(-1, self.segments), 0), **{row[SEGMENT]: row["count"] for row in rows}}

    def profile(self, columns: Sequence[Column]) -> Profile:
        """The profile of all customers in these columns, as `training.profiling.profile.profile_of` in memory.

        Raises
        ------
        SourceError
            If Spark fails.
        """
        typical: dict[int | None, dict[str, float | str | None]] = defaultdict(dict)
        totals: dict[str, Totals] = {}
        for column in columns:
            if column.is_category:
                with plain_errors(WHOLE):
                    levels = self._commonest_levels(column)
                for place, level in levels.items():
                    typical[place][column.name] = level
                continue
            figures = self._figures[column.name]
            for place, own in figures.items():
                typical[place][column.name] = None if own.spread is None else own.spread.median
            if adds_up(column):
                of_segments = {place: figures[place].total if place in figures else 0.0 for place in self.sizes}
                totals[column.name] = Totals(of_segments, figures[None].total)
        names = [column.name for column in columns]

        def ordered(place: int | None) -> Typical:
            return {name: typical[place].get(name) for name in names}

        return Profile(
            sum(self.sizes.values()),
            tuple(self.sizes[place] for place in range(self.segments)),
            tuple(ordered(place) for place in range(self.segments)),
            ordered(None),
            {name: own for name, own in totals.items() if own.is_shareable},
        )

    def spread(self, column: str) -> Spread | None:
        """How far the known values of a number spread; None where none is known, or there is no such number.

        Raises
        ------
        SourceError
            If Spark fails.
        """
        return self._figures[column][None].spread if column in self._figures else None

    def truths(self, words: Sequence[Word]) -> list[list[Truth]]:
        """Of each word, its truth in each segment among all customers.

        Raises
        ------
        SourceError
            If Spark fails.
        """
        from pyspark.sql.types import ArrayType, LongType, StructField, StructType

        if not words:
            return []
        with plain_errors(WHOLE):
            schema = StructType([StructField("true", ArrayType(LongType()))])
            parts = self.frame.drop(FORMER).mapInArrow(TruthCounter(tuple(words), self.segments), schema)
            true = sum(np.array(row["true"], dtype=np.int64) for row in parts.collect())
        sizes = np.array([self.sizes[place] for place in range(-1, self.segments)])
        counts = np.reshape(true, (len(words), self.segments + 1))
        others, true_of_others = sizes.sum() - sizes, counts.sum(axis=1, keepdims=True) - counts
        inside, outside = counts / np.maximum(sizes, 1), true_of_others / np.maximum(others, 1)
        return [
            [Truth(float(own), float(other)) for own, other in zip(of_word[1:], of_others[1:], strict=True)]
            for of_word, of_others in zip(inside, outside, strict=True)
        ]

    @cached_property
    def _figures(self) -> Mapping[str, Mapping[int | None, NumberFigures]]:
        """Of each number the figures of each segment by position, and of everyone under None."""
        numbers = [column for column in self.contract.columns if not column.is_category]
        figures: dict[str, dict[int | None, NumberFigures]] = {}
        for start in range(0, len(numbers), COLUMNS_AT_ONCE):
            together = numbers[start : start + COLUMNS_AT_ONCE]
            asked = [aggregate for column in together for aggregate in asked_of(column)]
            with plain_errors(WHOLE):
                rows = self.frame.rollup(f"`{SEGMENT}`").agg(*asked).collect()
            for column in together:
                figures[column.name] = {row[SEGMENT]: NumberFigures.of(row, column) for row in rows}
        return figures

    def _commonest_levels(self, column: Column) -> dict[int | None, str]:
        """The commonest level of each segment, and under None of everyone; rare levels are pooled."""
        from pyspark.sql import functions as spark

        level = spark.col(quoted_name(column.name, "`"))
        of_known = self.frame.where(level.isNotNull()).select(level.alias("level"), f"`{SEGMENT}`")
        least = RARE_SHARE * of_known.count()
        usual = [row["level"] for row in of_known.groupBy("level").count().where(f"count >= {least!r}D").collect()]
        pooled = spark.when(spark.col("level").isin(usual), spark.col("level")).otherwise(OTHER)
        rows = of_known.groupBy(f"`{SEGMENT}`", pooled.alias("level")).count().collect()
        counts: dict[int | None, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in rows:
            counts[row[SEGMENT]][row["level"]] += row["count"]
            counts[None][row["level"]] += row["count"]
        return {place: min(own, key=lambda name: (-own[name], name)) for place, own in counts.items()}


def known(column: Column) -> Any:
    """The values of a column of a Spark DataFrame, null where missing; Spark tells NaN from null."""
    from pyspark.sql import functions as spark

    values = spark.col(quoted_name(column.name, "`"))
    return values if column.is_category else spark.nanvl(values, spark.lit(None).cast("double"))
