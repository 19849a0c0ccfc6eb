"""A discovery on one table compared with the truth, and many of them in two processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from experiments.generated_tables.planted_groups import CustomerTable
from segment_model.errors import SegmentsError
from training.discovery.discovery import Discovery, discover
from training.evaluation.verdict import VerdictKind
from training.settings import DiscoverySettings

REFUSED = "refused"
PROCESSES = 2
TINY = 10  # fewer sets are for tests, and run in this process

Indices = NDArray[np.intp]
OneSet = TypeVar("OneSet")  # a seed, a path, a size, a name
Made = TypeVar("Made")


@dataclass(frozen=True)
class Finding:
    """The discovery on one data set: verdict, chosen candidate, adjusted Rand index, seconds."""

    name: str
    verdict: str
    chosen: str
    score: float
    seconds: float


def findings(title: str, find: Callable[[OneSet], Finding], sets: Sequence[OneSet]) -> list[Finding]:
    """Discover on each set, in order; each line is printed as soon as it and those before it are finished."""
    print(f"\n{title:44} {'ARI':>6} {'seconds':>8}  verdict, chosen", flush=True)
    return print_findings(in_processes(find, sets))


def in_processes(make: Callable[[OneSet], Made], sets: Sequence[OneSet]) -> Iterator[Made]:
    """What is made of each set, in order, by two processes; a few sets are done in this one."""
    if len(sets) < TINY:
        yield from map(make, sets)
    else:
        with ProcessPoolExecutor(PROCESSES, get_context("spawn"), threadpool_limits, (1,)) as pool:
            yield from pool.map(make, sets)


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


def mean_score(of_sets: Sequence[Finding]) -> float:
    """The mean adjusted Rand index."""
    return float(np.mean([finding.score for finding in of_sets]))


def share_distinct(of_sets: Sequence[Finding]) -> float:
    """The share of sets called distinct groups."""
    return float(np.mean([finding.verdict == VerdictKind.DISTINCT for finding in of_sets]))
