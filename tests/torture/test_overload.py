"""Twice what the service can do: some are refused at once, and nobody else waits longer than at its limit."""

from __future__ import annotations

import asyncio
from typing import Any

from experiments.callers import closed_loop, open_loop

LIMIT = 64  # requests let in, as the service of this folder is set
AT_ONCE = 80  # customers a request: long enough for the service, not its caller, to be what is full


def test_twice_the_capacity(service: Any, crowd: Any, amount: Any, record_property: Any) -> None:
    requests = [service.assign(crowd.customers[i : i + AT_ONCE]) for i in range(0, 3200, AT_ONCE)]
    asyncio.run(closed_loop(service.url, 8, amount(0.5, 10), requests))
    at_limit = asyncio.run(closed_loop(service.url, LIMIT, amount(2, 60), requests))
    assert set(at_limit.statuses) == {200}
    capacity = at_limit.statuses[200] / amount(2, 60)
    resident = service.running.resident_bytes()
    over = asyncio.run(open_loop(service.url, 2 * capacity, amount(4, 300), requests))
    grown = service.running.resident_bytes() / resident - 1
    ratio = over.quantile(0.99) / at_limit.quantile(0.99)
    offered = sum(over.statuses.values()) / amount(4, 300)

    record_property("requests/s of 80 customers at the limit", f"{capacity:.0f}")
    record_property("then offered", f"{offered / capacity:.2f} times as many")
    record_property("answers", ", ".join(f"{status}: {count}" for status, count in sorted(over.statuses.items())))
    record_property("p99 of the 200s over p99 at the limit", f"{ratio:.2f}")
    record_property("resident memory", f"{grown:+.1%}")
    assert set(over.statuses) <= {200, 429, 503}
    assert over.broken == 0
    assert over.statuses[200] > 0.5 * capacity * amount(4, 300), "refusing must not be all that it does"
    assert ratio <= amount(4, 2), "a short run on a machine that others use says little about its slowest hundredth"
    assert grown < 0.1
