"""Each benchmark runs at a tiny size and ends with one JSON object; its figures are not judged here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from click.testing import CliRunner

from experiments.benchmarks.__main__ import BENCHMARKS, main

ASKED = {  # keys that an issue names
    "scale": {
        "features_time_vs_pandas",
        "features_memory_vs_pandas",
        "features_time_vs_sql",
        "features_growth_exponent",
        "assign_vs_parts",
        "assign_rows_per_second",
        "peak_gb_at_10x",
        "driver_memory_growth",
        "sql_vs_python_rows_per_second",
        "spark_vs_duckdb",
    }
}


@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_a_tiny_run_ends_with_one_json_object(
    name: str,
    needed: Callable[..., Any],
    quick_discovery: Callable[[], AbstractContextManager[None]],
    capfd: pytest.CaptureFixture[str],
) -> None:
    if name == "serve":
        needed(shutil.which("wrk"), "the load generator wrk is not installed (apt-get install wrk)")
    with quick_discovery():
        result = CliRunner().invoke(main, [name, "--tiny"], catch_exceptions=False)
    assert result.exit_code == 0
    figures = json.loads(result.output.splitlines()[-1])
    assert figures["benchmark"] == name
    assert ASKED.get(name, set()) <= figures.keys()
    capfd.readouterr()
