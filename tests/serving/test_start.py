"""Imports at the start of the service."""

from __future__ import annotations

import subprocess
import sys


def test_the_process_that_starts_the_workers_imports_nothing_of_what_answers() -> None:
    """It imports the service module before it starts the workers, so its imports delay them."""
    script = (
        "import sys, serving.service\n"
        "late = {'pandas', 'duckdb', 'ibis', 'mlflow', 'serving.gateway.gateway', 'segment_model.model'}\n"
        "print(*sorted(late & {*sys.modules}))"
    )
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert completed.stdout.split() == []
