"""Processor seconds and peak memory of a process of its own.

A process is said to have had at its peak at least what the process had that started it, since both share their memory
for a moment. So a small process stands between a benchmark, which may hold whole tables, and the command that it
measures: `python -m experiments.benchmarks.scale.measured_process FILE COMMAND...` leaves in the file what the command
took, and ends as the command did.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What a process took, user and system seconds of all its threads and its peak resident memory; and its output."""

    seconds: float
    peak_gb: float
    output: str


def measure(
    command: Sequence[str], folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Measured:
    """Run a command to its end; `folder` is where it runs, and `environment` stands beside our own.

    Raises
    ------
    RuntimeError
        If it fails, with the end of what it wrote to its standard error.
    """
    with tempfile.TemporaryDirectory() as own:
        took = Path(own) / "took.json"
        ended = subprocess.run(
            [sys.executable, "-m", "experiments.benchmarks.scale.measured_process", str(took), *command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-2000:]}")
        return Measured(**json.loads(took.read_text(encoding="utf-8")), output=ended.stdout)


def _run(took: Path, command: Sequence[str]) -> int:
    """Run a command, write what it took, and return its exit code."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    figures = {"seconds": usage.ru_utime + usage.ru_stime, "peak_gb": usage.ru_maxrss / 1024**2}
    took.write_text(json.dumps(figures), encoding="utf-8")
    return process.returncode


if __name__ == "__main__":
    sys.exit(_run(Path(sys.argv[1]), sys.argv[2:]))
