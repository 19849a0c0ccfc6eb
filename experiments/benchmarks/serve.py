"""Throughput and latency of the service against the alternatives that a user would run, measured in the same run.

Rounds are short and the sides take turns, so that other load on the machine affects all of them equally; a ratio is the
median over the rounds. Keys, validation, metrics and limits are on; the limits are too high to be reached.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from experiments.benchmarks.assigning.assign import customers
from experiments.benchmarks.service_load.serve_records import records_latency
from experiments.benchmarks.service_load.serve_sides import (
    CONNECTIONS,
    Side,
    bare,
    bento,
    cold_start,
    mlflow,
    service_settings,
    wait_for_workers,
)
from experiments.benchmarks.service_load.tail import MACHINE, Tail, show_tails, tails
from experiments.benchmarks.service_load.wrk import find_wrk, load
from experiments.load.service_process import started
from segment_model.model import SegmentModel
from serving.gateway.api_keys import add_key
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings

COLUMNS = 16
DIFFERENT = 64  # customers that the requests are about, in turn
MANY = 500  # customers in one request
MANY_EACH = f"{MANY} customers, two workers"
ROUNDS = 5
BUSY = 0.5  # the least share of the busier worker's time that the idler one works, if both share the load
LONG = 6  # further rounds, for the tail
STARTS = 3
REQUESTS = 60  # of raw rows, for a median


def run(size: int) -> dict[str, Any]:
    """Measure everything in rounds of `size` seconds.

    Returns
    -------
    dict
        Rates of the service over those of its peers, and the other figures of the printed table.

    Raises
    ------
    LoadError
        If wrk is not installed, a peer does not start, or an answer is an error.
    """
    find_wrk()
    rounds, starts, long = (ROUNDS, STARTS, LONG) if size > 1 else (1, 1, 1)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        model, frame = small_model() if size > 1 else small_model(MANY)
        model.save(folder / "model")
        key = add_key(folder / "keys.json", "benchmark")
        bearer = {"Authorization": f"Bearer {key}"}
        bodies = Bodies(frame)
        cold = [cold_start(folder, key, bodies.one_customer(explain=True)[0]) for _ in range(starts)]
        raw = records_latency(folder / "raw", *((REQUESTS,) if size > 1 else (2, 40)))
        one_worker = stack.enter_context(started(service_settings(folder, 1), folder / "one.log"))
        two_workers = stack.enter_context(started(service_settings(folder, 2), folder / "two.log"))
        wait_for_workers(two_workers, 2, bearer)
        ours = (f"{one_worker.url}/assign", one_worker.cpu_seconds, bearer)
        both = (f"{two_workers.url}/assign", two_workers.cpu_seconds, bearer)
        explained, plain = bodies.one_customer(explain=True), bodies.one_customer(explain=False)
        sides = {
            "the service": Side(ours[0], explained, ours[1], ours[2]),
            # those of one ratio side by side: the machine's speed changes within a minute
            "with two workers": Side(both[0], explained, both[1], both[2]),
            "without explanation": Side(ours[0], plain, ours[1], ours[2]),
            MANY_EACH: Side(both[0], bodies.many(), both[1], both[2]),
            "bare Starlette": stack.enter_context(bare(folder, explained)),
            "bare with two workers": stack.enter_context(bare(folder, explained, workers=2)),
            "@bentoml.api": stack.enter_context(bento(folder, "AsApi", explained)),
            "mounted": stack.enter_context(bento(folder, "Mounted", explained)),
            "mlflow models serve": stack.enter_context(mlflow(folder, model, frame, bodies.for_mlflow())),
        }
        for side in sides.values() if size > 1 else ():  # a second of warm-up each
            load(side.url, side.bodies, {"Content-Type": "application/json", **side.headers}, CONNECTIONS, 1)
        shares = []
        for _ in range(rounds):
            for which, side in sides.items():
                begun = two_workers.worker_seconds()
                side.measure(size)
                if which == MANY_EACH:
                    shares.append(balance(begun, two_workers.worker_seconds()))
        shared = median(shares)
        tail_of = tails({name: sides[name] for name in ("the service", "bare Starlette")}, long, size)
    show(sides)
    show_tails(tail_of)
    print(f"of two workers with {MANY} customers a request the idler worked {shared:.0%} of the busier's time")
    if shared < BUSY:
        print("NOT BOTH WORKERS WERE BUSY: customers_per_second is of little more than one")
    return figures(sides, tail_of, cold) | raw | {"idler_over_busier_worker": shared}


def figures(sides: Mapping[str, Side], tail: Mapping[str, Tail], cold: list[tuple[float, float]]) -> dict[str, Any]:
    """The keys of the last line."""
    service = sides["the service"]

    def over(service_side: Side, other: Side) -> float:
        return median(a.rate / b.rate for a, b in zip(service_side.rounds, other.rounds, strict=True))

    def each_over(two: Side, single: Side) -> float:
        return median(a / b for a, b in zip(two.per_cpu_second, single.per_cpu_second, strict=True))

    bare_side = sides["bare Starlette"]
    return {
        "benchmark": "serve",
        "rps_vs_mlflow_serve": over(service, sides["mlflow models serve"]),
        "rps_vs_bare_starlette": over(service, bare_side),
        "rps_vs_bare_starlette_bentoml_api": over(sides["@bentoml.api"], bare_side),
        "rps_vs_bare_starlette_mounted": over(sides["mounted"], bare_side),
        "p99_over_p50": tail["the service"].ratio,
        "p99_over_p50_by_wrk": tail["the service"].counted,
        "p99_over_p50_bare_starlette": tail["bare Starlette"].ratio,
        "p99_over_p50_machine": tail[MACHINE].ratio,
        "explain_cost": over(sides["without explanation"], service),
        "customers_per_second": MANY * median(timed_round.rate for timed_round in sides[MANY_EACH].rounds),
        "cold_start_s": median(seconds for seconds, _ in cold),
        "first_request_over_warm": median(ratio for _, ratio in cold),
        "rps_per_cpu_second_two_workers_vs_one": each_over(sides["with two workers"], service),
        "rps_per_cpu_second_two_workers_vs_one_bare": each_over(sides["bare with two workers"], bare_side),
        "requests_per_second": median(timed_round.rate for timed_round in service.rounds),
        "load_average": os.getloadavg()[0],
    }


def balance(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    """The processor time of the idlest worker between two looks, as a share of the busiest's; 0 where one died."""
    spent = [seconds - before.get(worker, 0.0) for worker, seconds in after.items()]
    return min(spent) / max(spent) if len(spent) >= len(before) > 0 and max(spent) > 0 else 0.0


def show(sides: Mapping[str, Side]) -> None:
    """Print the medians of each side."""
    print(f"{CONNECTIONS} connections, medians of {len(sides['the service'].rounds)} rounds")
    print(f"{'side':28} {'requests/s':>11} {'a CPU second':>13} {'p50 ms':>8} {'p99 ms':>8}")
    for name, side in sides.items():
        rate, each = median(timed.rate for timed in side.rounds), median(side.per_cpu_second)
        p50, p99 = (
            1000 * median(values) for values in zip(*[(timed.p50, timed.p99) for timed in side.rounds], strict=True)
        )
        print(f"{name:28} {rate:>11,.0f} {each:>13,.0f} {p50:>8.2f} {p99:>8.2f}")


# -- what is asked -----------------------------------------------------------------------------------------------------


def small_model(known: int = 5_000) -> tuple[SegmentModel, pd.DataFrame]:
    """Eight segments by KMeans over 16 numbers, and the customers that it was made from."""
    frame, contract = customers(known, COLUMNS, 0, seed=1)
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=8, starts=1),))
    frame.index = pd.Index([f"C{number}" for number in range(len(frame))], dtype="str")
    return discover(frame, contract, settings, {}).model, frame


class Bodies:
    """Requests about customers of a table, as each side wants them."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._rows = frame.head(MANY).to_dict(orient="records")

    def one_customer(self, explain: bool) -> list[str]:
        """A customer a request."""
        listed = enumerate(self._rows[:DIFFERENT])
        return [json.dumps({"customers": [{"id": f"C{i}", "features": row}], "explain": explain}) for i, row in listed]

    def many(self) -> list[str]:
        """500 customers a request."""
        listed = [{"id": f"C{i}", "features": row} for i, row in enumerate(self._rows)]
        return [json.dumps({"customers": listed})]

    def for_mlflow(self) -> list[str]:
        return [json.dumps({"dataframe_records": [row]}) for row in self._rows[:DIFFERENT]]
