"""Hours of all kinds of requests leave no memory behind."""

from __future__ import annotations

from typing import Any

from experiments.load.callers import Connection, all_at_once, closed_loop, run

CALLERS = 16
PAGES = ("/segments", "/model", "/map", "/metrics", "/docs", "/openapi.json", "/")


def test_memory_does_not_grow(service: Any, crowd: Any, served: Any, amount: Any, record_property: Any) -> None:
    ones = crowd.customers[:200]
    against = crowd.segments[0]
    may_change = [column.name for column in served.contract.basis[:3]]

    def raw(customers: list[Any], **more: Any) -> bytes:
        return service.request("POST", "/assign_records", {"as_of": "2026-07-01", "customers": customers, **more})

    requests = [
        *(service.assign([customer]) for customer in ones),
        *(service.assign([customer], explain=True) for customer in ones),
        *(service.assign([customer], words=True) for customer in ones[:50]),
        *(service.assign(crowd.customers[i : i + 300]) for i in range(0, 1200, 300)),
        *(
            service.request("POST", "/contrast", {"customers": [customer], "against": against})
            for customer in ones[:50]
        ),
        *(
            service.request(
                "POST", "/what_would_change", {"customer": customer, "to": against, "changeable": may_change}
            )
            for customer in ones[:20]
        ),
        *(service.request("POST", "/locate", {"customers": ones[i : i + 50]}) for i in range(0, 200, 50)),
        *(raw([customer], explain=number % 2 == 0) for number, customer in enumerate(crowd.raw[:20])),
        raw(crowd.raw),
        raw([{"id": "nobody"}]),
        *(service.request("GET", path) for path in PAGES),
        *(service.request("GET", f"/nowhere/{number}") for number in range(50)),
        *(service.assign([{"id": customer["id"], "features": {}}]) for customer in ones[:50]),
    ]

    async def once(connection: Connection, caller: int) -> None:
        for request in requests[caller::CALLERS]:
            await connection.ask(request)

    for _ in range(5):  # every thread has met everything, however short the warm-up
        run(all_at_once(service.url, CALLERS, once))
    run(closed_loop(service.url, CALLERS, amount(3, 120), requests))
    warm = service.running.resident_bytes()
    tally = run(closed_loop(service.url, CALLERS, amount(5, 1200), requests))
    grown = service.running.resident_bytes() / warm - 1
    record_property("requests", sum(tally.statuses.values()))
    record_property("resident memory after warm-up", f"{warm / 1e6:.0f} MB, then {grown:+.1%}")
    assert set(tally.statuses) == {200, 404, 422}, tally.statuses
    assert tally.broken == 0
    assert grown < 0.05
