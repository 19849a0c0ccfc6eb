"""All customers in Spark, of whom a discovery in memory fetches counts and sums, and no customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from features.sources import plain_errors
from features.spark.figures_in_spark import SparkFigures
from features.spark.spark_vectors import SparkVectors
from jobs.spark.assigned import assigned_frame
from jobs.spark.assigned_everyone import FORMER, SEGMENT, WHOLE, Marker, SparkAssigned, known
from jobs.spark.segment_sums import SCHEMA, PartSums, summed
from segment_model.arrow_batches import CUSTOMER
from segment_model.assigners.assigner import Assigner
from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Encoder, Floats
from segment_model.model import SegmentModel
from segment_model.sql_text import quoted_name
from training.fitting.lloyd import SegmentSums


@dataclass(frozen=True)
class SparkEveryone:
    """All customers as a Spark DataFrame of vectors; missing : the columns in which some have no value."""

    frame: Any
    customers: int
    missing: frozenset[str]
    _held: list[Any] = field(default_factory=list, repr=False)

    @property
    def figures(self) -> SparkFigures:
        """What conditions ask of their vectors."""
        return SparkFigures(self.frame)

    def shares(self, model: SegmentModel) -> Floats:
        """The shares, (segments,), of all in the segments of another model; whom it cannot read is in none.

        Raises
        ------
        SourceError
            If Spark fails.
        """
        columns = [CUSTOMER, *(column.name for column in model.contract.basis)]
        with plain_errors(WHOLE):
            counts = assigned_frame(self._columns(columns), model, "", "unassigned").groupBy("segment_id").count()
            sizes = {row["segment_id"]: row["count"] for row in counts.collect()}
        return np.array([sizes.get(segment_id, 0) for segment_id in model.ids]) / self.customers

    def sums(self, contract: VectorContract, encoder: Encoder, centroids: Floats) -> SegmentSums:
        """Counts and sums of their encoded points by nearest centroid, (segments, width).

        Raises
        ------
        SourceError
            If Spark fails.
        """
        basis = VectorContract(contract.basis)
        with plain_errors(WHOLE):
            parts = self._columns(basis.names).mapInArrow(PartSums(basis, encoder, centroids), SCHEMA)
            return summed(parts.collect(), encoder, len(centroids))

    def assigned(
        self, contract: VectorContract, encoder: Encoder, assigner: Assigner, former: Assigner
    ) -> SparkAssigned:
        """All of them in the segments of `assigner`, beside those of `former`."""
        from pyspark import StorageLevel

        types = dict(self.frame.dtypes)
        schema = [f"{quoted_name(name, '`')} {types[name]}" for name in contract.names]
        schema += [f"`{name}` int" for name in (SEGMENT, FORMER)]
        marker = Marker(VectorContract(contract.basis), encoder, assigner, former)
        marked = self._columns(contract.names).mapInArrow(marker, ", ".join(schema))
        held = marked.persist(StorageLevel.MEMORY_AND_DISK)
        self._held.append(held)
        return SparkAssigned(held, contract, assigner.size)

    def close(self) -> None:
        """Give back what Spark keeps of them."""
        for frame in self._held:
            frame.unpersist()
        self._held.clear()

    def _columns(self, names: Sequence[str]) -> Any:
        return self.frame.select(*(quoted_name(name, "`") for name in names))


@contextmanager
def everyone_of(vectors: SparkVectors) -> Iterator[SparkEveryone]:
    """All customers of vectors in Spark, who can be asked until the block ends.

    Raises
    ------
    SourceError
        If Spark fails.
    """
    with plain_errors(WHOLE):
        missing = _columns_with_gaps(vectors.frame, vectors.contract)
    everyone = SparkEveryone(vectors.frame, vectors.customers, missing)
    try:
        yield everyone
    finally:
        everyone.close()


def _columns_with_gaps(frame: Any, contract: VectorContract) -> frozenset[str]:
    """The columns in which some customer has no value."""
    from pyspark.sql import functions as spark

    gaps = [spark.max(spark.isnull(known(column))).alias(column.name) for column in contract.columns]
    row = frame.agg(*gaps).first()
    return frozenset(column.name for column in contract.columns if row[column.name])
