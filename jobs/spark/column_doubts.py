"""What may be wrong with the columns of customers in Spark: looked for in a sample, told as in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from features.joining.unpaid_terms import notices_of_unpaid_terms
from features.notices import Notice
from features.own_vectors.frame_notices import notices_of_repetitions
from features.own_vectors.lone_numbers import notices_of_lone_numbers
from features.own_vectors.repeated_columns import LOOKED_AT
from features.sources import plain_errors
from features.spark.spark_vectors import SparkVectors
from jobs.customer_vectors import personal_notices
from jobs.spark.sample import sampled_rows
from training.settings import Settings


def column_doubts(vectors: SparkVectors, settings: Settings, rows: pd.DataFrame | None = None) -> Iterator[Notice]:
    """Warnings of columns that repeat others, of numbers that may stand for a missing value, of terms that run on after
    the last invoice, and of columns that tell of a person, where they shape segments.

    rows : customers of a sample, by id; None fetches as many as are looked at in memory.

    Raises
    ------
    SourceError
        If Spark fails.
    """
    sources = settings.sources
    is_billed = sources.orders is not None and sources.subscriptions is not None
    if sources.vectors is None and sources.customers is None and not is_billed:
        return
    if rows is None:
        with plain_errors("cannot fetch a sample of the customers"):
            rows = sampled_rows(vectors.frame, vectors.contract, LOOKED_AT, settings.discovery.seed)
    by_id = rows.sort_index()
    yield from notices_of_repetitions(by_id, vectors.contract, vectors.learned.own)
    yield from notices_of_lone_numbers(by_id, vectors.contract, vectors.learned.own, sources)
    yield from notices_of_unpaid_terms(by_id)
    yield from personal_notices(by_id, vectors, settings)
