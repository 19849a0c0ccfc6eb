"""The latencies that callers met, from what wrk tells of them.

Before wrk tells anything it adds, for an answer that took long, the requests that its connection would have sent
meanwhile (`stats_correct` in wrk's stats.c): its percentiles count requests that nobody sent. Adding goes from long to
shorter in steps of the mean interval between a connection's requests, so it can be taken back exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate


def as_sent(told: Mapping[int, int], interval: int) -> dict[int, int]:
    """Requests by latency in microseconds without those that wrk added.

    interval : the mean microseconds between two requests of a connection, as wrk rounds it.
    """
    found = dict(told)
    for latency in sorted((one for one in told if one >= 2 * interval), reverse=True):
        # what is longer is clean already: descending, nothing adds to this one any more
        for added in range(latency - interval, interval, -interval):
            found[added] = found.get(added, 0) - found[latency]
    return {latency: number for latency, number in found.items() if number}


def percentile(latencies: Mapping[int, int], wanted: float) -> int:
    """The least latency that so many of a hundred requests did not exceed."""
    ordered = sorted(latencies.items())
    needed = wanted / 100 * sum(latencies.values())
    reached = accumulate(number for _, number in ordered)
    return next(latency for (latency, _), total in zip(ordered, reached, strict=True) if total >= needed)
