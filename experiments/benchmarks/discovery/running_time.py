"""How long a discovery takes: against a usual loop, in seconds of the processor, and as customers grow."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from experiments.benchmarks.discovery.finding import found_on
from experiments.generated_tables.planted_groups import CustomerTable, customer_table
from segment_model.contract import Column, Kind
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.settings import DiscoverySettings

LOOP_COLUMNS = 20


def against_a_loop(rows: int) -> dict[str, object]:
    """Our whole discovery against what people write: KMeans for k = 2..12 with the silhouette of every row.

    Its seconds of the processor, which other work on the machine does not lengthen, are `discovery_cpu_s`.
    """
    table = blobs(rows)
    points = (table.frame - table.frame.mean()).div(table.frame.std()).to_numpy()
    started = time.perf_counter()
    for k in range(2, 13):
        labels = KMeans(k, n_init=10, random_state=0).fit_predict(points)
        silhouette_score(points, labels)
    loop = time.perf_counter() - started
    cpu = time.process_time()
    ours = found_on(table).seconds
    cpu = time.process_time() - cpu
    took = f"scikit-learn loop {loop:.1f} s, discovery with verdict {ours:.1f} s ({cpu:.1f} s of the processor)"
    print(f"{rows:,} x {LOOP_COLUMNS}: {took}")
    return {
        "loop_seconds": loop,
        "discovery_seconds": ours,
        "discovery_cpu_s": cpu,
        "time_vs_sklearn_loop": loop / ours,
    }


def growth(rows: int) -> dict[str, object]:
    """How time grows with customers: 1, 10 and 50 times `rows` for KMeans, 1 and 10 times for HDBSCAN."""
    kmeans = timed(KMeansSettings(), [rows, 10 * rows, 50 * rows])
    dense = timed(HdbscanSettings(), [rows, 10 * rows])
    return {"growth_exponent": exponent(kmeans), "growth_exponent_hdbscan": exponent(dense)}


def timed(algorithm: KMeansSettings | HdbscanSettings, sizes: Sequence[int]) -> dict[int, float]:
    """Seconds of a discovery by number of customers."""
    settings = DiscoverySettings(algorithms=(algorithm,), force=True)
    seconds = {}
    for rows in sizes:
        finding = found_on(blobs(rows), settings=settings)
        seconds[rows] = finding.seconds
        print(
            f"{algorithm.algorithm}: {rows:,} x {LOOP_COLUMNS} in {finding.seconds:.1f} s, {finding.verdict}",
            flush=True,
        )
    return seconds


def exponent(seconds: Mapping[int, float]) -> float:
    """The slope of log time over log rows."""
    return float(np.polyfit(np.log(list(seconds)), np.log(list(seconds.values())), 1)[0])


def blobs(rows: int) -> CustomerTable:
    """Six groups in 20 columns."""
    generator = np.random.default_rng([4, rows])
    truth = generator.integers(0, 6, rows)
    centers = np.random.default_rng(4).normal(0, 1.5, (6, LOOP_COLUMNS))
    values = centers[truth] + generator.normal(size=(rows, LOOP_COLUMNS))
    columns = tuple(Column(f"column_{number}", Kind.NUMBER) for number in range(LOOP_COLUMNS))
    frame = pd.DataFrame(values, columns=[column.name for column in columns])
    return customer_table(f"six groups of {rows:,}", frame, columns, truth)
