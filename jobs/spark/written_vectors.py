"""Makes the customer vectors in Spark and writes them there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from features.as_of import AsOf
from features.learned import LearnedFeatures
from features.reading.spark_session import spark_session
from features.reading.spark_tables import SparkTables
from features.sources import plain_errors
from features.spark.spark_vectors import build_spark_vectors
from features.spark.stored_rows import Place
from features.vector_file import story_of
from jobs.customer_vectors import in_words
from jobs.spark.column_doubts import column_doubts
from jobs.spark.variation import constant_in_spark
from training.settings import Settings
from training.variation import as_descriptors, held_out_columns


@dataclass(frozen=True)
class WrittenVectors:
    """Where the vectors are, their digest, and a summary of them in a few lines."""

    where: str
    digest: str
    summary: str


def write_spark_vectors(
    settings: Settings, base: Path, place: Place, learned: LearnedFeatures | None = None
) -> WrittenVectors:
    """Compute the vectors that the settings describe where the tables are, and write them to a place there.

    learned : as `jobs.customer_vectors.vectors_of`.

    Raises
    ------
    SegmentsError
        If a table cannot be read, no vectors can be made of it, or they cannot be written; then the former ones stay.
    """
    zone = settings.features.time_zone
    with spark_session(settings.engine, zone, leaves_tables=place.in_catalogue) as session:
        tables = SparkTables(session, base)
        try:
            vectors = build_spark_vectors(tables, settings.sources, settings.features, settings.as_of, base, learned)
            held_out, constant = dict[str, str](), dict[str, str]()
            if learned is None:
                held_out = held_out_columns(vectors.contract, settings.discovery.hold_out_groups)
                trained = as_descriptors(vectors.contract, held_out)
                constant = constant_in_spark(vectors.frame, trained, settings.discovery.encoding)
                vectors = replace(vectors, notices=(*vectors.notices, *column_doubts(vectors, settings)))
            local = AsOf.at(vectors.as_of, zone).local if vectors.as_of else None
            with plain_errors("cannot write the vectors"):
                written = place.write(session, vectors.frame, local, story_of(vectors))
        finally:
            tables.close()
    contract = as_descriptors(vectors.contract, {**held_out, **constant})
    summary = in_words(vectors, contract, constant, held_out)
    return WrittenVectors(written.where, vectors.digest, summary)
