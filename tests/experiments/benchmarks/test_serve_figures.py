"""The figures of the benchmark `serve` from rounds that are known."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.benchmarks.serve import balance, figures
from experiments.benchmarks.service_load.serve_sides import Side
from experiments.benchmarks.service_load.tail import MACHINE, Tail
from experiments.benchmarks.service_load.wrk import Round
from experiments.benchmarks.service_load.wrk_latencies import as_sent, percentile

NAMES = ("@bentoml.api", "mounted", "mlflow models serve", "without explanation")


def side(rates: list[float], per_cpu_second: list[float] | None = None) -> Side:
    rounds = [Round(int(rate * 10), 10.0, 0.001, 0.002) for rate in rates]
    return Side("", [], lambda: 0.0, {}, rounds, per_cpu_second or [1.0] * len(rates))


def test_ratios_are_of_rounds_side_by_side_and_not_of_medians() -> None:
    """The machine was half as fast in the second round, for everyone."""
    sides = {name: side([1000, 500, 1000]) for name in NAMES} | {
        "the service": side([3000, 1500, 2000], [100, 50, 100]),
        "bare Starlette": side([6000, 3000, 6000]),
        "with two workers": side([4000, 4000, 4000], [90, 45, 120]),
        "bare with two workers": side([9000, 9000, 9000], [2.0, 1.8, 1.7]),
        "500 customers, two workers": side([100, 200, 110]),
    }
    tail = {"the service": Tail(0.004, 0.012, 3.5), "bare Starlette": Tail(0.003, 0.012, 5.0)}
    shown = figures(sides, tail | {MACHINE: Tail(0.001, 0.002, 2.0)}, [(5.0, 1.5), (7.0, 2.5), (6.0, 9.0)])
    assert shown["rps_vs_bare_starlette"] == pytest.approx(0.5)
    assert shown["rps_vs_mlflow_serve"] == pytest.approx(3.0)
    assert shown["explain_cost"] == pytest.approx(1 / 3)
    assert shown["p99_over_p50"] == pytest.approx(3.0)
    assert (shown["p99_over_p50_by_wrk"], shown["p99_over_p50_machine"]) == (3.5, pytest.approx(2.0))
    assert shown["p99_over_p50_bare_starlette"] == pytest.approx(4.0)
    assert shown["customers_per_second"] == pytest.approx(500 * 110)
    assert (shown["cold_start_s"], shown["first_request_over_warm"]) == (6.0, 2.5)
    assert shown["rps_per_cpu_second_two_workers_vs_one"] == pytest.approx(0.9)
    assert shown["rps_per_cpu_second_two_workers_vs_one_bare"] == pytest.approx(1.8)


def test_whether_both_workers_were_busy_is_seen() -> None:
    assert balance({1: 10.0, 2: 10.0}, {1: 14.0, 2: 12.0}) == pytest.approx(0.5)
    assert balance({1: 10.0, 2: 3.0}, {1: 10.0, 2: 9.0}) == 0, "what they had worked before says nothing"
    assert balance({1: 10.0, 2: 10.0}, {1: 30.0}) == 0, "one died"
    assert balance({1: 1.0, 2: 1.0}, {1: 1.0, 2: 1.0}) == 0, "nobody worked"


def as_wrk_tells(latencies: Counter[int], interval: int) -> Counter[int]:
    """What wrk makes of them: an answer that took long stands for those its connection would have sent meanwhile."""
    reported = Counter(latencies)
    for latency, number in sorted(latencies.items()):
        for added in range(latency - interval, interval, -interval) if latency >= 2 * interval else ():
            reported[added] += number
    return reported


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=60), st.integers(1, 700))
def test_the_requests_that_wrk_adds_are_taken_back(latencies: list[int], interval: int) -> None:
    assert as_sent(as_wrk_tells(Counter(latencies), interval), interval) == Counter(latencies)


def test_a_percentile_is_the_least_that_so_many_did_not_exceed() -> None:
    hundred = Counter(range(1, 101))
    assert [percentile(hundred, wanted) for wanted in (1, 50, 99, 100)] == [1, 50, 99, 100]
    assert percentile({7: 99, 90: 1}, 99) == 7
    assert percentile({7: 98, 90: 2}, 99) == 90
