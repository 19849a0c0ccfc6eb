"""`benchmarks all`: each benchmark in a process of its own, and none lost because another failed."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner

from experiments.benchmarks.__main__ import BENCHMARKS, Benchmark, main, run_all


def test_a_benchmark_that_fails_costs_the_next_ones_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    benchmarks = {"no such": Benchmark("nowhere", 1, 1), "features": BENCHMARKS["features"]}
    with pytest.raises(click.ClickException, match="no such of 2 benchmarks failed"):
        run_all(benchmarks, tiny=True)
    lines = capfd.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("== ")] == ["== no such", "== features", "== minutes"]
    figures = next(json.loads(line) for line in lines if line.startswith('{"benchmark"'))
    assert figures["benchmark"] == "features"
    assert set(json.loads(lines[-1])) == {"no such", "features"}


def test_one_size_for_all_benchmarks_is_refused() -> None:
    outcome = CliRunner().invoke(main, ["all", "--size", "3"])
    assert outcome.exit_code == 2
    assert "name one, or leave --size out" in outcome.output
