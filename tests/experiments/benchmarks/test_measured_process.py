"""What a process took is its own, whatever the process holds that started it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.benchmarks.scale.measured_process import measure


def test_the_peak_is_that_of_the_command_and_not_of_who_started_it(tmp_path: Path) -> None:
    held = np.ones(60_000_000)  # 0.48 GB
    small = measure(
        [sys.executable, "-c", "import os; print(os.getcwd(), os.environ['COLOUR'])"], tmp_path, {"COLOUR": "blue"}
    )
    large = measure([sys.executable, "-c", "held = b'x' * 300_000_000"])
    assert held.nbytes > 400_000_000
    assert small.output.split() == [str(tmp_path), "blue"]
    assert small.peak_gb < 0.1
    assert 0.27 < large.peak_gb < 0.4
    assert small.seconds > 0


def test_a_command_that_fails_is_named_with_what_it_said() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3: .*no such shop"):
        measure([sys.executable, "-c", "import sys; sys.stderr.write('no such shop'); sys.exit(3)"])
