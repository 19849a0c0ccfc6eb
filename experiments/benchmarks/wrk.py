"""Load by `wrk` (Debian package `wrk`), which costs so little that the service under it is what is measured."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from segments.errors import SegmentsError

TALLY = """
local number = 0
local requests = {}
function init(args)
  for position, body in ipairs(bodies) do requests[position] = wrk.format("POST", nil, nil, body) end
end
function request()
  number = number % #requests + 1
  return requests[number]
end
function done(summary, latency, rates)
  local e = summary.errors
  io.write(string.format('\\n{"requests": %d, "microseconds": %d, "errors": %d, "p50": %d, "p99": %d}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


class LoadError(SegmentsError):
    """The load could not be made, or was not answered."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of load came to; latencies in seconds."""

    requests: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def find_wrk() -> str:
    """The program.

    Raises
    ------
    LoadError
        If it is not installed.
    """
    program = shutil.which("wrk")
    if program is None:
        raise LoadError("the load generator wrk is not installed: apt-get install wrk (Debian's package of that name)")
    return program


def load(url: str, bodies: Sequence[str], headers: Mapping[str, str], connections: int, seconds: float) -> Round:
    """Post these bodies in turn, over that many connections, for that long.

    Raises
    ------
    LoadError
        If wrk is absent, or any answer was an error.
    """
    named = "".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(text)}\n" for name, text in headers.items())
    listed = ",\n".join(f"[==[{body}]==]" for body in bodies)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        script.write_text(f"{named}bodies = {{\n{listed}\n}}\n{TALLY}", encoding="utf-8")
        whole = max(1, round(seconds))
        command = [find_wrk(), "-t1", f"-c{connections}", f"-d{whole}s", "--timeout", "30s", "-s", str(script), url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LoadError(f"wrk failed: {done.stderr or done.stdout}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    if found["errors"] or not found["requests"]:
        raise LoadError(f"{url}: {found['errors']} errors in {found['requests']} requests; a benchmark takes none")
    return Round(found["requests"], found["microseconds"] / 1e6, found["p50"] / 1e6, found["p99"] / 1e6)
