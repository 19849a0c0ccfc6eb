"""Hours of all kinds of requests leave no memory behind."""

from __future__ import annotations

from typing import Any

from experiments.callers import closed_loop, run

CALLERS = 16


def test_memory_does_not_grow(service: Any, crowd: Any, amount: Any, record_property: Any) -> None:
    ones = crowd.customers[:200]
    against = crowd.segments[0]
    requests = [
        *(service.assign([one]) for one in ones),
        *(service.assign([one], explain=True) for one in ones),
        *(service.assign([one], words=True) for one in ones[:50]),
        *(service.assign(crowd.customers[i : i + 300]) for i in range(0, 1200, 300)),
        *(service.request("POST", "/contrast", {"customers": [one], "against": against}) for one in ones[:50]),
        *(service.request("GET", path) for path in ("/segments", "/model", "/metrics", "/docs", "/openapi.json")),
        *(service.request("GET", f"/nowhere/{number}") for number in range(50)),
        *(service.assign([{"id": one["id"], "features": {}}]) for one in ones[:50]),
    ]
    run(closed_loop(service.url, CALLERS, amount(3, 120), requests))
    warm = service.running.resident_bytes()
    tally = run(closed_loop(service.url, CALLERS, amount(5, 1200), requests))
    grown = service.running.resident_bytes() / warm - 1
    record_property("requests", sum(tally.statuses.values()))
    record_property("resident memory after warm-up", f"{warm / 1e6:.0f} MB, then {grown:+.1%}")
    assert set(tally.statuses) == {200, 404, 422}
    assert tally.broken == 0
    assert grown < 0.05
