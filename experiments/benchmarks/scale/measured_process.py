"""Processor seconds and peak memory of a process of its own."""

from __future__ import annotations

import os
import subprocess
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
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, stdout=output, stderr=errors, cwd=folder, env={**os.environ, **(environment or {})}
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {errors.read()[-2000:]}")
        return Measured(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024**2, output.read())
