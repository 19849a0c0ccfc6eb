"""Each benchmark runs at a tiny size and ends with one JSON object; its figures are not judged here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from experiments.benchmarks.__main__ import BENCHMARKS, main


@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_a_tiny_run_ends_with_one_json_object(
    name: str, needed: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    if name == "serve":
        needed(shutil.which("wrk"), "the load generator wrk is not installed (apt-get install wrk)")
    result = CliRunner().invoke(main, [name, "--tiny"], catch_exceptions=False)
    assert result.exit_code == 0
    assert json.loads(result.output.splitlines()[-1])["benchmark"] == name
    capfd.readouterr()
