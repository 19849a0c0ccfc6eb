"""All customers at the as-of moment in Spark with the segment of each; as `analytics.present` in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from analytics.conditions.overlap import overlap_of_counts
from analytics.goals.rules_today import AskedRule, RuleToday, rules_today, sums_of_rules
from analytics.history import condition_column
from analytics.record import REPRESENTATIVES
from features.conditions.on_vectors.named_conditions import NamedConditions
from features.own_vectors.repeated_columns import LOOKED_AT
from features.reading.spark_tables import SparkTables
from jobs.complete_customers import complete
from jobs.membership.month_members import assigned
from jobs.spark.analysis.distributions import LABEL, LabelledCustomers, distributions_in_spark
from jobs.spark.sample import sampled_rows
from jobs.spark.segment_sums import in_chunks
from reporting.content.condition_examples import representatives
from segment_model.arrow_batches import CUSTOMER, SavedModel, load_once
from segment_model.contract import VectorContract
from segment_model.model import SegmentModel
from segment_model.sql_text import quoted_name

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Labeller:
    """Adds to record batches of vectors the segment of each customer, as text, and whether they meet each condition."""

    saved: SavedModel
    conditions: NamedConditions

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        model = load_once(self.saved)
        for batch in in_chunks(batches):
            frame = batch.to_pandas().set_index(CUSTOMER)
            labels = pa.Array.from_pandas(assigned(model, frame), type=pa.string())
            met = [pa.array(each.meets(frame).to_numpy(), pa.bool_()) for each in self.conditions.by_name.values()]
            names = [*batch.schema.names, LABEL, *map(condition_column, self.conditions)]
            yield pa.RecordBatch.from_arrays([*batch.columns, labels, *met], names)


@dataclass(frozen=True)
class RuleCounter:
    """Maps the record batches of a partition to one row, the `sums_of_rules` of its customers."""

    contract: VectorContract
    asked: tuple[AskedRule, ...]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        sums = np.zeros((len(self.asked), 4))
        for batch in in_chunks(batches):
            frame = batch.to_pandas()
            sums += sums_of_rules(frame, frame[LABEL], self.contract, self.asked)
        yield pa.RecordBatch.from_arrays([pa.array([sums.ravel()], pa.list_(pa.float64()))], ["sums"])


@dataclass(frozen=True)
class SparkPresent:
    """The customers of today, labelled; conditions : those that `Labeller` has evaluated."""

    labelled: LabelledCustomers
    contract: VectorContract
    conditions: NamedConditions

    @classmethod
    def of(
        cls,
        tables: SparkTables,
        vectors: Any,
        model: SegmentModel,
        contract: VectorContract,
        conditions: NamedConditions,
    ) -> Self:
        """Assign the customers of a Spark DataFrame of vectors; `customer_id` and the columns of `contract`."""
        from pyspark.sql import functions as spark
        from pyspark.sql.types import BooleanType, StringType, StructField, StructType

        met = [condition_column(name) for name in conditions]
        fields = [StructField(LABEL, StringType()), *(StructField(name, BooleanType()) for name in met)]
        schema = StructType([*vectors.schema.fields, *fields])
        marked = vectors.mapInArrow(Labeller(SavedModel.of(model), conditions), schema)
        frame = tables.frame(tables.hold_frame(marked))
        counts = [spark.count(spark.when(spark.col(f"`{name}`"), 1)) for name in met]
        rows = frame.groupBy(f"`{LABEL}`").agg(spark.count("*"), *counts).collect()
        labelled = LabelledCustomers.of(frame, model.ids, {row[0]: row[1:] for row in rows}, 1 + len(met))
        return cls(labelled, contract, conditions)

    def distributions(self, segments: Sequence[str], floor: int) -> tuple[pd.DataFrame, pd.DataFrame]:  # noqa: ARG002
        """As of `analytics.present.Present`; the segments are those of the model that has assigned."""
        return distributions_in_spark(self.labelled, self.contract, floor)

    def overlap(self, segments: Sequence[str], conditions: NamedConditions, floor: int) -> pd.DataFrame:  # noqa: ARG002
        """As of `analytics.present.Present`."""
        n, *met = self.labelled.counts
        own = dict(zip(self.conditions, met, strict=True))
        return overlap_of_counts(self.labelled.everyone_and_groups, n, own, conditions, self.contract, floor)

    def rules(self, asked: Sequence[AskedRule]) -> list[RuleToday]:
        """As of `analytics.present.Present`."""
        from pyspark.sql.types import ArrayType, DoubleType, StructField, StructType

        names = (*self.contract.names, LABEL)
        schema = StructType([StructField("sums", ArrayType(DoubleType()))])
        frame = self.labelled.frame.select(*(quoted_name(name, "`") for name in names))
        rows = frame.mapInArrow(RuleCounter(self.contract, tuple(asked)), schema).collect()
        sums = np.sum([np.zeros(4 * len(asked)), *(row["sums"] for row in rows)], axis=0)
        return rules_today(sums.reshape(-1, 4), self.contract)

    def representatives(self, model: SegmentModel, seed: int) -> pd.DataFrame:
        """The table `REPRESENTATIVES`, of at most `LOOKED_AT` customers who meet each condition."""
        _, *met = self.labelled.counts
        names = [CUSTOMER, *self.contract.names]
        parts = []
        for name, customers in zip(self.conditions, met, strict=True):
            if not customers[0]:
                continue
            who = self.labelled.frame.where(f"`{condition_column(name)}`")
            sample = who.select(*(quoted_name(column, "`") for column in names))
            frame = sampled_rows(sample, self.contract, LOOKED_AT, seed).sort_index()
            readable, _ = complete(model, frame)
            parts.append(representatives(model, readable, pd.DataFrame({name: True}, index=frame.index)))
        filled = [part for part in parts if len(part)]
        return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(REPRESENTATIVES))

    @property
    def sampled_conditions(self) -> tuple[str, ...]:
        """The conditions that more customers meet than are looked at for examples."""
        _, *met = self.labelled.counts
        return tuple(name for name, own in zip(self.conditions, met, strict=True) if own[0] > LOOKED_AT)
