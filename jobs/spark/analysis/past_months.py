"""The customers as of past month ends in Spark, cut into the bins of rules there; as `analytics.goals.past_months`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

from analytics.goals.rule_columns import (
    HALF,
    MOST_LEVELS,
    PARTS,
    RuleColumn,
    bin_name,
    binned,
    column_of_levels,
    column_of_numbers,
    usable_columns,
)
from features.reading.spark_tables import SparkTables
from features.spark.quantiles import ranked
from jobs.spark.assigned_everyone import COLUMNS_AT_ONCE, known
from jobs.spark.segment_sums import in_chunks
from segment_model.arrow_batches import CUSTOMER
from segment_model.contract import Column, VectorContract

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


@dataclass(frozen=True)
class Binner:
    """Maps record batches of vectors to those of `analytics.goals.rule_columns.binned`."""

    columns: tuple[RuleColumn, ...]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for batch in in_chunks(batches):
            bins = binned(batch.to_pandas().set_index(CUSTOMER), self.columns)
            yield pa.RecordBatch.from_arrays([batch[CUSTOMER], *(pa.array(bins[n], pa.int64()) for n in self.names)], [
                CUSTOMER, *self.names
            ])  # fmt: skip

    @property
    def names(self) -> list[str]:
        """Of the columns beside the customer."""
        return [HALF, *(bin_name(place) for place in range(len(self.columns)))]


@dataclass(frozen=True)
class SparkMonth:
    """The customers as of a month end, as a Spark DataFrame of vectors."""

    tables: SparkTables
    frame: Any

    def columns(self, contract: VectorContract, left_out: Sequence[str]) -> tuple[RuleColumn, ...]:
        """As of `analytics.goals.past_months.PastMonth`."""
        usable = usable_columns(contract, left_out)
        numbers = [column for column in usable if not column.is_category]
        made = {c.name: column_of_levels(c, self._commonest(c)) for c in usable if c.is_category}
        for start in range(0, len(numbers), COLUMNS_AT_ONCE):
            made |= self._of_numbers(numbers[start : start + COLUMNS_AT_ONCE])
        return tuple(column for each in usable if (column := made[each.name]) is not None)

    def placed(self, columns: Sequence[RuleColumn], rows: ir.Table) -> ir.Table:  # noqa: ARG002  # of the same Spark
        """As of `analytics.goals.past_months.PastMonth`."""
        binner = Binner(tuple(columns))
        schema = ", ".join([f"{CUSTOMER} string", *(f"{name} bigint" for name in binner.names)])
        return self.tables.hold_frame(self.frame.mapInArrow(binner, schema))

    def _commonest(self, column: Column) -> list[str]:
        from pyspark.sql import functions as spark

        levels = self.frame.select(known(column).alias("level")).where("level IS NOT NULL").groupBy("level").count()
        return [row["level"] for row in levels.orderBy(spark.desc("count"), "level").limit(MOST_LEVELS).collect()]

    def _of_numbers(self, columns: Sequence[Column]) -> dict[str, RuleColumn | None]:
        from pyspark.sql import functions as spark

        values = [spark.when(spark.abs(known(c)) < float("inf"), known(c)) for c in columns]
        names = [f"c{place}" for place in range(len(columns))]
        frame = self.frame.select(*(number.alias(name) for number, name in zip(values, names, strict=True)))
        counts = frame.agg(*(spark.count(name).alias(name) for name in names)).first()
        of_known = [name for name in names if counts[name]]
        asked = [
            aggregate
            for name in of_known
            for aggregate in (
                spark.min(name).alias(f"least {name}"),
                spark.max(name).alias(f"most {name}"),
                ranked(name, [ceil((counts[name] - 1) * part) for part in PARTS], counts[name]).alias(f"cuts {name}"),
            )
        ]
        row = frame.agg(*asked).first() if asked else {}
        return {
            column.name: column_of_numbers(column, row[f"least {name}"], row[f"most {name}"], row[f"cuts {name}"])
            if counts[name]
            else None
            for column, name in zip(columns, names, strict=True)
        }


@dataclass(frozen=True)
class SparkPast:
    """The customers as of month ends; vectors_at : by position, a Spark DataFrame of vectors with ids as text."""

    tables: SparkTables
    vectors_at: Callable[[int], Any]
    undated: tuple[str, ...] = ()
    _months: dict[int, SparkMonth] = field(default_factory=dict, repr=False)

    def at(self, position: int) -> SparkMonth:
        """As of `analytics.goals.past_months.PastMonths`."""
        if position not in self._months:
            held = self.tables.hold_frame(self.vectors_at(position))
            self._months[position] = SparkMonth(self.tables, self.tables.frame(held))
        return self._months[position]
