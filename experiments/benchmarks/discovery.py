"""Can discovery be trusted? Recovery of known groups, false discoveries, and running time (decisions 8 and 9).

Settings are the defaults throughout: discovery chooses algorithm and number of segments. A set for which discovery
refuses to make a model counts 0. Two processes share the sets, so their seconds are those of a busy machine; the runs
that are timed for a figure come last, one at a time.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from threadpoolctl import threadpool_limits

from experiments.benchmarks import succession
from experiments.benchmarks.shared_data import BATTERIES, EXTERNAL, labelled_files
from experiments.generated_tables.planted_groups import (
    CustomerTable,
    customer_table,
    mixed_groups,
    planted_groups,
)
from experiments.generated_tables.structureless import structureless
from experiments.simulated_company.company import simulate, write_company
from jobs.customer_vectors import vectors_of
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SegmentsError
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.evaluation.verdict import VerdictKind
from training.settings import DiscoverySettings, read_settings

REFUSED = "refused"
# The reported range: unseen when it was fixed. Seeds under 130 and those of 900 to 1,060 were
# seen while rules were made (decision 9), the latter for tuning.
FIRST_SEED = 50_000
MIXED_SETS = 20
PROCESSES = 2
TINY = 10
LOOP_COLUMNS = 20
LABELS = "label"
NOISE = 0

Indices = NDArray[np.intp]
OneSet = TypeVar("OneSet")  # a seed, a path, a size


@dataclass(frozen=True)
class Finding:
    """The discovery on one data set: verdict, chosen candidate, adjusted Rand index, seconds."""

    name: str
    verdict: str
    chosen: str
    score: float
    seconds: float


def run(size: int) -> dict[str, object]:
    """Everything; `size` is the number of generated sets of each kind, and scales the timed tables.

    Returns
    -------
    dict
        The figures of decision 9; those that need a folder of labelled sets are None where it is absent, and `missing`
        lists the companies whose data for the lasting ids are absent.
    """
    result = labelled_sets(size)
    seeds = range(FIRST_SEED, FIRST_SEED + size)
    nothing = findings("without structure", partial(found_on_made, structureless), seeds)
    planted = findings("planted groups", partial(found_on_made, planted_groups), seeds)
    companies = findings("from raw tables on", company, [min(2000, 100 * size)])
    mixed = findings("mixed types", partial(found_on_made, mixed_groups), seeds[:MIXED_SETS])
    alone = findings("the numbers of these alone", partial(found_on_made, numbers_of_mixed_groups), seeds[:MIXED_SETS])
    rows = max(60, 2 * size**2)  # 20,000 at full size
    lasting = lasting_ids(size)
    return {
        "benchmark": "discovery",
        **result,
        "first_seed": FIRST_SEED,
        "false_structure_rate": share_distinct(nothing),
        "missed_structure_rate": 1 - share_distinct(planted),
        "planted_ari": mean_score([*planted, *companies]),
        "company_ari": mean_score(companies),
        "mixed_type_ari": mean_score(mixed),
        "mixed_type_ari_numbers_alone": mean_score(alone),
        **lasting,
        **against_a_loop(rows),
        **growth(rows),
    }


def findings(title: str, find: Callable[[OneSet], Finding], sets: Sequence[OneSet]) -> list[Finding]:
    """Discover on each set, in order; each line is printed as soon as it and those before it are finished."""
    print(f"\n{title:44} {'ARI':>6} {'seconds':>8}  verdict, chosen", flush=True)
    if len(sets) < TINY:
        return print_findings(map(find, sets))
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), threadpool_limits, (1,)) as pool:
        return print_findings(pool.map(find, sets))


def print_findings(in_turn: Iterable[Finding]) -> list[Finding]:
    """Print a line for each set; the findings."""
    printed = []
    for finding in in_turn:
        print(
            f"{finding.name:44} {finding.score:6.3f} {finding.seconds:8.1f}  {finding.verdict}, {finding.chosen}",
            flush=True,
        )
        printed.append(finding)
    return printed


def labelled_sets(size: int) -> dict[str, object]:
    """Discovery on the sets of each of `BATTERIES`; of `graves` none was looked at while rules were tuned."""
    paths = labelled_files()[:size]
    if not paths:
        print(f"no labelled sets in {EXTERNAL}")
        return {"mean_ari_told_nothing": None}
    by_set = findings("labelled sets", found_on_labelled, paths)
    by_battery = {
        battery: mean_score([f for path, f in zip(paths, by_set, strict=True) if path.parent.name == battery])
        for battery in BATTERIES
        if any(path.parent.name == battery for path in paths)
    }
    return {
        "mean_ari_told_nothing": mean_score(by_set),
        **{f"mean_ari_{battery}": score for battery, score in by_battery.items()},
    }


def found_on_made(make: Callable[[int], CustomerTable], seed: int) -> Finding:
    """Discover on the generated table of a seed; the seed stands in the finding's name."""
    table = make(seed)
    return found_on(replace(table, name=f"{seed}: {table.name}"))


def numbers_of_mixed_groups(seed: int) -> CustomerTable:
    """The mixed groups of a seed without their categories: what a discovery that ignores categories sees."""
    table = mixed_groups(seed)
    kept = tuple(column for column in table.contract.columns if not column.is_category)
    return replace(table, frame=table.frame[[column.name for column in kept]], contract=VectorContract(kept))


def found_on_labelled(path: Path) -> Finding:
    """The best score over the reference labels of one set; rows labelled as noise are dropped."""
    table = pd.read_parquet(path)
    answers = [table[name].to_numpy() for name in table.columns if name.startswith(LABELS)]
    values = table[[name for name in table.columns if not name.startswith(LABELS)]].astype(np.float64)
    columns = tuple(Column(str(name), Kind.NUMBER) for name in values.columns)
    name = f"{path.parent.name}/{path.stem}"
    customers = customer_table(name, values, columns, np.zeros(len(values), dtype=np.intp))

    def score(nearest: Indices) -> float:
        return max(float(adjusted_rand_score(a[a != NOISE], nearest[a != NOISE])) for a in answers)

    return found_on(customers, score)


def found_on(
    table: CustomerTable,
    score: Callable[[Indices], float] | None = None,
    settings: DiscoverySettings | None = None,
) -> Finding:
    """Discover, and compare the nearest segment of every customer with the truth."""
    started = time.perf_counter()
    try:
        discovery = discover(table.frame, table.contract, settings or DiscoverySettings(), {})
    except SegmentsError:
        return Finding(table.name, REFUSED, "", 0.0, time.perf_counter() - started)
    seconds = time.perf_counter() - started
    nearest = nearest_segments(discovery)
    value = score(nearest) if score else adjusted_rand_score(table.truth, nearest)
    return Finding(table.name, str(discovery.verdict.kind), discovery.chosen.spec.name, float(value), seconds)


def nearest_segments(discovery: Discovery) -> Indices:
    """The nearest segment of every customer: the policy that leaves no customer unassigned."""
    return discovery.model.assigner.nearest(np.ascontiguousarray(discovery.points.T)).segment


def company(customers: int) -> Finding:
    """The simulated software company, from its raw tables on."""
    started = time.perf_counter()
    made = simulate(customers, 1, date(2026, 7, 1))
    with tempfile.TemporaryDirectory() as folder:
        write_company(made, Path(folder))
        settings, _ = read_settings(Path(folder) / "segments.yaml")
        vectors = vectors_of(settings, Path(folder))
    truth = made.truth.set_index("customer_id")["planted_segment"].loc[vectors.frame.index]
    name = f"simulated company of {customers:,}"
    try:
        discovery = discover(vectors.frame, vectors.contract, settings.discovery, {})
    except SegmentsError:
        return Finding(name, REFUSED, "", 0.0, time.perf_counter() - started)
    score = float(adjusted_rand_score(truth, nearest_segments(discovery)))
    return Finding(name, str(discovery.verdict.kind), discovery.chosen.spec.name, score, time.perf_counter() - started)


def against_a_loop(rows: int) -> dict[str, object]:
    """Our whole discovery against what people write: KMeans for k = 2..12 with the silhouette of every row."""
    table = blobs(rows)
    points = (table.frame - table.frame.mean()).div(table.frame.std()).to_numpy()
    started = time.perf_counter()
    for k in range(2, 13):
        labels = KMeans(k, n_init=10, random_state=0).fit_predict(points)
        silhouette_score(points, labels)
    loop = time.perf_counter() - started
    ours = found_on(table).seconds
    print(f"{rows:,} x {LOOP_COLUMNS}: scikit-learn loop {loop:.1f} s, discovery with verdict {ours:.1f} s")
    return {"loop_seconds": loop, "discovery_seconds": ours, "time_vs_sklearn_loop": loop / ours}


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


def lasting_ids(size: int) -> dict[str, object]:
    """The figures of the benchmark `succession`; a tiny run leaves them out."""
    if size < TINY:
        return {"id_stability": None, "reassigned_after_month": None}
    figures = succession.run(max(300, 30 * size))
    return {key: value for key, value in figures.items() if key not in ("benchmark", "customers")}


def mean_score(of_sets: Sequence[Finding]) -> float:
    """The mean adjusted Rand index."""
    return float(np.mean([finding.score for finding in of_sets]))


def share_distinct(of_sets: Sequence[Finding]) -> float:
    """The share of sets called distinct groups."""
    return float(np.mean([finding.verdict == VerdictKind.DISTINCT for finding in of_sets]))
