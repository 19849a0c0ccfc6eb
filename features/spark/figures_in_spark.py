"""What ready-made conditions ask of vectors that stay in Spark."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from features.sources import plain_errors
from features.spark.quantiles import values_at
from segment_model.sql_text import quoted_name


@dataclass(frozen=True)
class SparkFigures:
    """Vectors as a Spark DataFrame; the numbers are those of `FrameFigures`, to the bit.

    All raise a SourceError if Spark fails.
    """

    frame: Any

    def levels(self, column: str) -> Collection[str]:
        """The known levels of a category."""
        level = quoted_name(column, "`")
        with plain_errors(f"cannot list the levels of {column}"):
            return {row[0] for row in self.frame.select(level).distinct().where(f"{level} IS NOT NULL").collect()}

    def quantile_of_positive(self, column: str, share: float) -> float | None:
        """As of `VectorFigures`."""
        values = self._positive(column)
        with plain_errors(f"cannot rank the values of {column}"):
            count = values.count()
            return values_at(values, column, [ceil((count - 1) * share)], count)[0] if count else None

    def medians_of_positive(self, column: str, category: str) -> Mapping[str, float]:
        """As of `VectorFigures`."""
        from pyspark.sql import functions as spark

        level = spark.col(quoted_name(category, "`"))
        paying = self._positive(column).where(level.isNotNull()).groupBy(level.alias("level"))
        with plain_errors(f"cannot compute the medians of {column}"):
            return dict(paying.agg(spark.percentile(quoted_name(column, "`"), 0.5)).collect())

    def _positive(self, column: str) -> Any:
        values = quoted_name(column, "`")
        return self.frame.where(f"{values} > 0 AND NOT isnan({values})")
