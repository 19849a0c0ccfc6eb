"""Which basis columns do not vary among all customers in Spark, by counts: as `training.variation` in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from features.sources import plain_errors
from jobs.spark.assigned_everyone import COLUMNS_AT_ONCE, WHOLE, known
from segment_model.contract import Column, VectorContract
from training.settings import EncodingSettings
from training.variation import LevelCounts, NumberCounts, constant_by_counts


def constant_in_spark(frame: Any, contract: VectorContract, settings: EncodingSettings) -> dict[str, str]:
    """The basis columns that are encoded alike for every customer, and why; frame : a Spark DataFrame of vectors.

    Raises
    ------
    SourceError
        If Spark fails.
    """
    numbers = [column for column in contract.basis if not column.is_category]
    with plain_errors(WHOLE):
        customers = frame.count()
        counts: dict[str, NumberCounts | LevelCounts] = {
            column.name: _level_counts(frame, column, customers, settings)
            for column in contract.basis
            if column.is_category
        }
        for start in range(0, len(numbers), COLUMNS_AT_ONCE):
            together = numbers[start : start + COLUMNS_AT_ONCE]
            counts |= dict(_number_counts(frame, together, customers))
    return constant_by_counts({column.name: counts[column.name] for column in contract.basis}, settings)


def _number_counts(frame: Any, columns: Sequence[Column], customers: int) -> Iterator[tuple[str, NumberCounts]]:
    from pyspark.sql import functions as spark

    medians = frame.agg(*(spark.percentile(known(c), 0.5).alias(str(place)) for place, c in enumerate(columns))).first()
    sums = [
        spark.count(spark.when(chosen, 1)).alias(f"{kind} {place}")
        for place, (column, median) in enumerate(zip(columns, medians, strict=True))
        for kind, chosen in {
            "known": known(column).isNotNull(),
            "below": known(column) < spark.lit(median),
            "above": known(column) > spark.lit(median),
        }.items()
    ]
    row = frame.agg(*sums).first()
    for place, (column, median) in enumerate(zip(columns, medians, strict=True)):
        of_known, below, above = (row[f"{kind} {place}"] for kind in ("known", "below", "above"))
        yield column.name, NumberCounts(customers, of_known, float("nan") if median is None else median, below, above)


def _level_counts(frame: Any, column: Column, customers: int, settings: EncodingSettings) -> LevelCounts:
    from pyspark.sql import functions as spark

    levels = frame.select(known(column).alias("level")).where("level IS NOT NULL").groupBy("level").count()
    is_rare = spark.col("count") < spark.lit(float(settings.rare_share * customers))
    row = levels.agg(
        spark.sum("count"), spark.count("*"), spark.count(spark.when(is_rare, 1)), spark.min("level")
    ).first()
    of_known, number, rare, least = row
    return LevelCounts(customers, of_known or 0, number, rare, least or "")
