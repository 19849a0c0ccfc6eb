"""Load by `wrk` (Debian package `wrk`), which needs so little processor time that the service is the bottleneck."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.benchmarks.service_load.wrk_latencies import as_sent
from segment_model.errors import SegmentsError

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
  local all = {}
  for place = 1, everyone and #latency or 0 do
    local microseconds, requests = latency(place)
    all[place] = string.format("[%d, %d]", microseconds, requests)
  end
  io.write(string.format('\\n{"requests": %d, "microseconds": %d, "errors": %d, "p50": %d, "p99": %d, "all": [%s]}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99), table.concat(all, ", ")))
end
"""


class LoadError(SegmentsError):
    """The load could not be made, or was not answered."""


@dataclass(frozen=True, slots=True)
class Round:
    """The measurements of one round of load; `p50` and `p99` in seconds, as wrk reports them.

    latencies : requests by the microseconds that they took, where asked for.
    """

    requests: int
    seconds: float
    p50: float
    p99: float
    latencies: Mapping[int, int] = field(default_factory=dict)

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


def load(
    url: str,
    bodies: Sequence[str],
    headers: Mapping[str, str],
    connections: int,
    seconds: float,
    latencies: bool = False,
) -> Round:
    """Post the bodies in turn, over so many connections, for so many seconds; `latencies` asks for every latency.

    Raises
    ------
    LoadError
        If wrk is absent, any answer was an error, or this version of wrk reports latencies in another way.
    """
    named = "".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(text)}\n" for name, text in headers.items())
    listed = ",\n".join(f"[==[{body}]==]" for body in bodies)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        every = f"everyone = {str(latencies).lower()}\n"
        script.write_text(f"{named}{every}bodies = {{\n{listed}\n}}\n{TALLY}", encoding="utf-8")
        whole = max(1, round(seconds))
        command = [find_wrk(), "-t1", f"-c{connections}", f"-d{whole}s", "--timeout", "30s", "-s", str(script), url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LoadError(f"wrk failed: {done.stderr or done.stdout}")
    summary = json.loads(done.stdout.strip().splitlines()[-1])
    if summary["errors"] or not summary["requests"]:
        raise LoadError(f"{url}: {summary['errors']} errors in {summary['requests']} requests; a benchmark takes none")
    requests, microseconds = summary["requests"], summary["microseconds"]
    reported: dict[int, int] = dict(summary["all"])
    sent = as_sent(reported, microseconds // (requests // connections)) if requests >= connections else reported
    if latencies and (sum(sent.values()) != requests or min(sent.values()) < 0):
        raise LoadError("this wrk counts latencies otherwise than wrk 4; take Debian's package of that name")
    return Round(requests, microseconds / 1e6, summary["p50"] / 1e6, summary["p99"] / 1e6, sent)
