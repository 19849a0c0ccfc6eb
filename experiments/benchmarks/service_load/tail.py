"""Tail latency (99th percentile) of the service, of a peer in the same minute, and of the machine itself.

Shared machines pause for some milliseconds now and then, which lengthens every queue. So the peer takes turns with the
service, and a loop that serves no requests shows the tail that the machine alone causes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.benchmarks.service_load.serve_sides import CONNECTIONS, Side
from experiments.benchmarks.service_load.wrk import load
from experiments.benchmarks.service_load.wrk_latencies import percentile

MACHINE = "the machine"
WORK = 500  # steps of the loop that count as one request


@dataclass(frozen=True)
class Tail:
    """Latencies in seconds; `counted` is wrk's own ratio, which includes requests that a stall kept from being sent."""

    p50: float
    p99: float
    counted: float

    @property
    def ratio(self) -> float:
        """p99 over p50."""
        return self.p99 / self.p50


def tails(sides: Mapping[str, Side], rounds: int, seconds: float) -> dict[str, Tail]:
    """The tail of each side over all its rounds, which take turns; and that of the machine."""
    waited: dict[str, Counter[int]] = {name: Counter() for name in sides}
    counted: dict[str, list[float]] = {name: [] for name in sides}
    of_machine: list[float] = []
    for _ in range(rounds):
        for name, side in sides.items():
            headers = {"Content-Type": "application/json", **side.headers}
            measured = load(side.url, side.bodies, headers, CONNECTIONS, seconds, latencies=True)
            waited[name].update(measured.latencies)
            counted[name].append(measured.p99 / measured.p50)
        of_machine += _machine_latencies(seconds / 2)
    tail_of = {
        name: Tail(percentile(latencies, 50) / 1e6, percentile(latencies, 99) / 1e6, float(np.median(counted[name])))
        for name, latencies in waited.items()
    }
    p50, p99 = np.percentile(of_machine, [50, 99]).tolist()
    return {**tail_of, MACHINE: Tail(p50, p99, p99 / p50)}


def show_tails(tail_of: Mapping[str, Tail]) -> None:
    """Print the tail of each side."""
    print(f"{'tail':28} {'p50 ms':>8} {'p99 ms':>8} {'p99/p50':>8} {'by wrk':>8}")
    for name, tail in tail_of.items():
        print(f"{name:28} {1000 * tail.p50:>8.2f} {1000 * tail.p99:>8.2f} {tail.ratio:>8.2f} {tail.counted:>8.2f}")


def _machine_latencies(seconds: float) -> Sequence[float]:
    """Latencies of `CONNECTIONS` callers of a server whose every request is the same loop, in seconds."""
    ends = [time.perf_counter()]
    while ends[-1] - ends[0] < seconds:
        total = 0
        for step in range(WORK):
            total += step * step % 7
        ends.append(time.perf_counter())
    times = np.array(ends)
    return list(times[CONNECTIONS:] - times[:-CONNECTIONS])
