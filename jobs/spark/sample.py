"""A sample of the customers in Spark, for training: spread over the scores as all are, and as large as it takes.

Two disjoint samples of one size each make segments, and the size is large enough once the two agree on whom they put
together. Where that never happens, the largest size is taken, and said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from features.scores.score_columns import SCORED
from segment_model.contract import VectorContract
from segment_model.sql_text import quoted_name
from training.candidates.kmeans import KMeansSpec
from training.discovery.trained_contract import trained_contract
from training.encoding import EncodedCustomers, fit_encoding
from training.settings import DiscoverySettings

SIZES = (5_000, 10_000, 20_000, 40_000)
STEADY = 0.95  # adjusted Rand index of the segments of two samples
SEGMENTS, STARTS = 8, 10  # of the KMeans that measures it
PLACE, STRATUM = "place in the sample", "stratum"  # with blanks, so that no column of a vector has such a name
MORE, AT_LEAST = 1.1, 30  # rows fetched beyond those wanted of a stratum, so that chance does not leave too few


@dataclass(frozen=True)
class ChosenSize:
    """The size of a sample, and the agreement of the two samples of each size that was tried."""

    size: int
    agreements: Mapping[int, float]

    @property
    def is_steady(self) -> bool:
        """Whether the samples of the last size agree."""
        return max(self.agreements.values(), default=0.0) >= STEADY

    @property
    def words(self) -> str:
        """The sizes with their agreement, and whether the last one is enough."""
        tried = ", ".join(f"{agreement:.2f} at {size:,}" for size, agreement in self.agreements.items())
        if not self.agreements:
            return "too few customers to compare two samples"
        goal = f"{STEADY:.2f} was reached" if self.is_steady else f"{STEADY:.2f} was not: another sample may differ"
        return f"the segments of two samples agree by {tried} (adjusted Rand index); {goal}"


def sampled_rows(frame: Any, contract: VectorContract, size: int, seed: int) -> pd.DataFrame:
    """At most `size` rows of a Spark DataFrame, by `customer_id`: of each stratum its share, in an order of chance.

    A stratum is a combination of the R, F and M scores, where the vectors have them. The same customers and seed give
    the same rows, wherever they lie: a hash of the id decides.
    """
    from pyspark.sql import functions as spark

    scores = [spark.col(name).cast("string") for name in SCORED if name in contract.names]
    stratum = spark.concat_ws("-", *(spark.coalesce(score, spark.lit("")) for score in scores))
    place = spark.xxhash64(spark.col("customer_id").cast("string"), spark.lit(seed)) / float(2**64) + 0.5
    marked = frame.withColumns({STRATUM: stratum, PLACE: place})
    strata = marked.groupBy(spark.col(quoted_name(STRATUM, "`"))).agg(spark.count("*").alias("customers"))
    counts = {row[STRATUM]: row["customers"] for row in strata.collect()}
    wanted = shares(counts, size)
    limits = {name: min(1.0, (MORE * wanted[name] + AT_LEAST) / count) for name, count in counts.items()}
    limit = spark.create_map(*(spark.lit(part) for pair in limits.items() for part in pair))
    fetched = marked.where(spark.col(quoted_name(PLACE, "`")) <= limit[spark.col(quoted_name(STRATUM, "`"))])
    rows: pd.DataFrame = fetched.toArrow().to_pandas().sort_values([PLACE, "customer_id"], kind="stable")
    rank = rows.groupby(STRATUM).cumcount()
    kept = rows[rank < rows[STRATUM].map(wanted)].drop(columns=[STRATUM, PLACE])
    kept.index = pd.Index(kept.pop("customer_id").astype("str"), name="customer_id")
    types = {column.name: "str" if column.is_category else "float64" for column in contract.columns}
    return kept.astype(types)


def shares(counts: Mapping[str, int], size: int) -> dict[str, int]:
    """How many of each stratum make a sample of a size: in proportion, the largest remainders rounded up."""
    total = sum(counts.values())
    exact = {name: min(size, total) * count / total for name, count in counts.items()}
    whole = {name: int(number) for name, number in exact.items()}
    left = min(size, total) - sum(whole.values())
    for name in sorted(exact, key=lambda name: (whole[name] - exact[name], name))[:left]:
        whole[name] += 1
    return whole


def choose_size(
    frame: pd.DataFrame, contract: VectorContract, settings: DiscoverySettings, sizes: Sequence[int] = SIZES
) -> ChosenSize:
    """The first size at which two disjoint samples of `frame` agree; frame : customers in an order of chance.

    Raises
    ------
    SegmentsError
        If no segments can be made of these customers.
    """
    contract = trained_contract(frame, contract, settings)
    segments = min(max(SEGMENTS, settings.min_segments), settings.max_segments)
    agreements: dict[int, float] = {}
    for size in (size for size in sizes if 2 * size <= len(frame)):
        halves = frame.iloc[:size], frame.iloc[size : 2 * size]
        both = frame.iloc[: 2 * size]
        first, second = (_segments_of(both, half, contract, settings, segments) for half in halves)
        agreements[size] = float(adjusted_rand_score(first, second))
        if agreements[size] >= STEADY:
            return ChosenSize(size, agreements)
    return ChosenSize(max(agreements, default=len(frame)), agreements)


def _segments_of(
    everyone: pd.DataFrame, learned: pd.DataFrame, contract: VectorContract, settings: DiscoverySettings, segments: int
) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The segments of everyone, by a KMeans of some of them."""
    encoder = fit_encoding(learned, contract, settings.encoding).encoder
    fit = KMeansSpec(segments, STARTS).fit(EncodedCustomers.encode(learned, contract, encoder).points, settings.seed)
    return fit.assigner.nearest(EncodedCustomers.encode(everyone, contract, encoder).points.T).segment
