"""The customers from whom a discovery in Spark learns: a sample of them in memory, and all of them where they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from features.notices import Notice
from features.reading.spark_session import spark_session
from features.reading.spark_tables import SparkTables
from features.sources import plain_errors
from features.spark.spark_vectors import SparkVectors, build_spark_vectors
from features.vector_table import CustomerVectors, digest, validated
from jobs.spark.column_doubts import column_doubts
from jobs.spark.everyone import SparkEveryone, everyone_of
from jobs.spark.sample import SIZES, choose_size, sampled_rows
from segment_model.errors import counted
from training.progress import Announce
from training.settings import Settings


@dataclass(frozen=True)
class Learners:
    """The customers from whom a discovery learns, and all of them; None where the former are all."""

    vectors: CustomerVectors
    everyone: SparkEveryone | None


@contextmanager
def learners(settings: Settings, base: Path, announce: Announce) -> Iterator[Learners]:
    """A sample of the customers that the settings describe; its notices say how many of how many, and why.

    All customers can be asked until the block ends.

    Raises
    ------
    SegmentsError
        If a table cannot be read, or no vectors can be made of it.
    """
    with spark_session(settings.engine, settings.features.time_zone) as session:
        tables = SparkTables(session, base)
        try:
            vectors = build_spark_vectors(tables, settings.sources, settings.features, settings.as_of, base)
            announce(f"{counted(vectors.customers, 'customer')} in Spark; choosing the size of a sample")
            sample = _sample(vectors, settings)
            if sample.customers == vectors.customers:
                yield Learners(sample, None)
            else:
                with everyone_of(vectors) as everyone:
                    yield Learners(sample, everyone)
        finally:
            tables.close()


def _sample(vectors: SparkVectors, settings: Settings) -> CustomerVectors:
    with plain_errors("cannot fetch a sample of the customers"):
        rows = sampled_rows(vectors.frame, vectors.contract, 2 * max(SIZES), settings.discovery.seed)
    chosen = choose_size(rows, vectors.contract, settings.discovery, SIZES)
    kept = rows if len(rows) == vectors.customers and not chosen.is_steady else rows.iloc[: chosen.size]
    of_all = f"{len(kept):,} of {counted(vectors.customers, 'customer')}"
    text = f"segments are learned and judged on a sample of {of_all}: {chosen.words}"
    notice = Notice("sample", "all customers are fetched from Spark" if len(kept) == vectors.customers else text)
    frame = validated(kept.sort_index(), vectors.contract)
    return CustomerVectors(
        frame,
        vectors.contract,
        vectors.learned,
        vectors.as_of,
        digest(frame),
        {**vectors.report, "sample": {"rows": vectors.customers, "used": len(kept)}},
        vectors.columns,
        (*vectors.notices, *column_doubts(vectors, settings, rows), notice),
        vectors.id_type,
    )
