"""The latencies of the requests that were sent, from the corrected ones that wrk reports.

For each slow answer wrk adds the requests that its connection would have sent meanwhile (`stats_correct` in wrk's
stats.c, a correction for coordinated omission), so its percentiles count requests that were never sent. The additions
go from longer to shorter latencies in steps of the mean interval between a connection's requests, so they can be
subtracted exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate


def as_sent(reported: Mapping[int, int], interval: int) -> dict[int, int]:
    """Requests by latency in microseconds, without those that wrk added.

    interval : the mean microseconds between two requests of a connection, as wrk rounds it.
    """
    requests = dict(reported)
    for latency in sorted((latency for latency in reported if latency >= 2 * interval), reverse=True):
        # in descending order: the longer latencies are corrected already, and only they add to this one
        for added in range(latency - interval, interval, -interval):
            requests[added] = requests.get(added, 0) - requests[latency]
    return {latency: number for latency, number in requests.items() if number}


def percentile(latencies: Mapping[int, int], wanted: float) -> int:
    """The least latency that `wanted` per cent of the requests do not exceed."""
    ordered = sorted(latencies.items())
    needed = wanted / 100 * sum(latencies.values())
    reached = accumulate(number for _, number in ordered)
    return next(latency for (latency, _), total in zip(ordered, reached, strict=True) if total >= needed)
