"""Makes the customer vectors in Spark and writes them there as Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from features.learned import LearnedFeatures
from features.reading.spark_session import spark_session
from features.reading.spark_tables import SparkTables
from features.sources import plain_errors
from features.spark.spark_vectors import build_spark_vectors
from features.spark.stored_table import write_stored
from features.vector_file import story_of
from jobs.customer_vectors import in_words
from training.settings import Settings


@dataclass(frozen=True)
class WrittenVectors:
    """Where the vectors are, their digest, and a summary of them in a few lines."""

    folder: Path
    digest: str
    summary: str


def write_spark_vectors(
    settings: Settings, base: Path, out: Path, learned: LearnedFeatures | None = None
) -> WrittenVectors:
    """Compute the vectors that the settings describe where the tables are, and write them to the folder `out`.

    learned : as `jobs.customer_vectors.vectors_of`.

    Raises
    ------
    SegmentsError
        If a table cannot be read, no vectors can be made of it, or they cannot be written; then the former ones stay.
    """
    with spark_session(settings.engine, settings.features.time_zone) as session:
        tables = SparkTables(session, base)
        try:
            vectors = build_spark_vectors(tables, settings.sources, settings.features, settings.as_of, base, learned)
            with plain_errors(f"cannot write the vectors to {out}"):
                folder = write_stored(vectors.frame, out, story_of(vectors))
        finally:
            tables.close()
    return WrittenVectors(folder, vectors.digest, in_words(vectors, vectors.contract, {}, {}))
