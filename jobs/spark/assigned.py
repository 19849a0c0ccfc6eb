"""Assigns customers in Spark by a registered model, partition by partition; the answer is written there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.as_of import AsOf
from features.reading.spark_session import spark_session
from features.sources import plain_errors
from features.spark.stored_rows import Place
from features.vector_file import moment_in
from jobs.registry_location import location_of
from registry.versions.versions import fetch
from segment_model.arrow_batches import CUSTOMER, REFUSED, BatchAssigner, SavedModel, arrow_type
from segment_model.errors import ContractError
from segment_model.model import SegmentModel
from segment_model.scoring.scoring import Policy
from training.settings import Settings

TYPES = {"string": "string", "bool": "boolean", "double": "double"}  # Arrow's and Spark's


@dataclass(frozen=True)
class AssignedCustomers:
    """Where the assignments are; `counts` has the customers of each segment by name, the largest first.

    refused : the customers who break the model's contract and have no segment; example : why one of them does.
    """

    where: str
    version: str
    counts: Mapping[str, int]
    novel: int
    refused: int
    example: str

    @property
    def customers(self) -> int:
        """All of them, the refused ones included."""
        return sum(self.counts.values()) + self.refused


def assign_in_spark(
    settings: Settings, base: Path, which: str, vectors: Place, out: Place, policy: Policy, explained: bool
) -> AssignedCustomers:
    """Assign the customers whom `segments features` wrote in Spark, and write the answer there.

    Raises
    ------
    SegmentsError
        If the model or the vectors cannot be read, or the answer cannot be written; then the former one stays.
    """
    fetched = fetch(location_of(settings, base), which)
    session_of_settings = spark_session(settings.engine, settings.features.time_zone, leaves_tables=out.in_catalogue)
    with session_of_settings as session, plain_errors("cannot assign the vectors"):
        stored = vectors.read(session)
        answer = assigned_frame(stored.frame, fetched.model, fetched.version, policy, explained)
        as_of = moment_in(stored.story)
        story = {
            "as_of": stored.story.get("as_of"),
            "model_name": settings.registry.model_name,
            "model_version": fetched.version,
            "model_digest": fetched.model.digest,
            "vectors": stored.version,
        }
        local = None if as_of is None else AsOf.at(as_of, settings.features.time_zone).local
        written = out.write(session, answer, local, story)
        return _counted(written.frame, written.where, fetched.version)


def assigned_frame(frame: Any, model: SegmentModel, version: str, policy: Policy, explained: bool = False) -> Any:
    """The assignments of a Spark DataFrame of customers, lazily: `customer_id`, what `assign` answers, `refused`.

    Raises
    ------
    ContractError
        If the columns are not those of the model's contract.
    """
    if CUSTOMER not in frame.columns:
        raise ContractError(f"the customers have no column {CUSTOMER}; they have {', '.join(frame.columns)}")
    model.contract.check_names(name for name in frame.columns if name != CUSTOMER)
    assigner = BatchAssigner(SavedModel.of(model), version, policy, explained)
    id_type = frame.schema[CUSTOMER].dataType.simpleString()
    columns = [f"`{name}` {TYPES[str(arrow_type(name))]}" for name in assigner.columns(model)]
    return frame.mapInArrow(assigner, f"{CUSTOMER} {id_type}, {', '.join(columns)}")


def _counted(answer: Any, where: str, version: str) -> AssignedCustomers:
    """The sums of written assignments."""
    from pyspark.sql import functions as spark

    read = spark.col(REFUSED).isNull()
    rows = (
        answer.groupBy(spark.col("segment_name"), read.alias("read"))
        .agg(
            spark.count("*").alias("customers"),
            spark.count(spark.when(spark.col("novel"), 1)).alias("novel"),
            spark.min(REFUSED).alias("example"),
        )
        .collect()
    )
    counts = {row["segment_name"] or "unassigned": row["customers"] for row in rows if row["read"]}
    refused = [row for row in rows if not row["read"]]
    return AssignedCustomers(
        where,
        version,
        dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
        sum(row["novel"] for row in rows),
        sum(row["customers"] for row in refused),
        min((row["example"] for row in refused), default=""),
    )
