"""What ten conditions cost a request of `/assign` with one customer: with them, against without, through the gateway.

Both kinds of requests are answered in this process by the service's own gateway, from the bytes of the body to those of
the answer, in turn. A server and a network between, which take the same time for both, would make the ratio smaller.
"""

from __future__ import annotations

import asyncio
import gc
import json
import time
from dataclasses import replace
from statistics import median
from typing import Any

from experiments.benchmarks.assigning.assign import customers
from segment_model.errors import SegmentsError
from segment_model.model import SegmentModel
from serving.gateway.gateway import Gateway
from serving.model.live_model import LiveModel
from serving.model.served_model import ServedModel
from serving.settings import ServiceSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings

CUSTOMERS = 2_000  # of whom the model is made, and who are asked about; no more than there are requests
ROUND = 50  # requests of each kind, in turn
TEXTS = {
    "low": "number_0 < 0",
    "high": "number_1 >= 2.5",
    "between": "number_2 between -1 and 1",
    "either": "number_3 > 4 or number_5 > 4",
    "both": "number_4 > 0 and number_6 < 0",
    "level": "category_0 = 'level 1'",
    "levels": "category_1 in ('level 0', 'level 2')",
    "like": "category_0 like 'level%' and not number_7 > 3",
    "known": "number_8 is not null",
    "pair": "number_9 > number_10",
}


def condition_flags_cost(requests: int = 4_000) -> float:
    """The processor time of requests with ten conditions over that of the same requests without: the median of rounds.

    Raises
    ------
    SegmentsError
        If a request is refused.
    """
    frame, contract = customers(min(CUSTOMERS, requests), 16, 2, seed=1)
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=8, starts=1),), force=True)
    made = discover(frame, contract, settings, {}).model
    model = replace(made, provenance={**made.provenance, "conditions": TEXTS})
    sent = [{"customers": [{"id": str(n), "features": row}]} for n, row in enumerate(frame.to_dict(orient="records"))]
    without = [json.dumps(body).encode() for body in sent]
    with_them = [json.dumps({**body, "conditions": [*TEXTS]}).encode() for body in sent]
    return asyncio.run(_ratio(_gateway(model), without, with_them, max(requests // ROUND, 3)))


def _gateway(model: SegmentModel) -> Gateway:
    live = LiveModel(lambda: ServedModel(model, "conditions", "1", "benchmark"))
    live.load()
    gc.unfreeze()  # loading freezes the collector's heap, which this process must not keep
    return Gateway(live, ServiceSettings())


async def _ratio(gateway: Gateway, without: list[bytes], with_them: list[bytes], rounds: int) -> float:
    await _seconds(gateway, with_them[:ROUND]), await _seconds(gateway, without[:ROUND])
    ratios = []
    for number in range(rounds):
        start = (number * ROUND) % (len(without) - ROUND)
        part = slice(start, start + ROUND)
        if number % 2:
            plain, flagged = await _seconds(gateway, without[part]), await _seconds(gateway, with_them[part])
        else:
            flagged, plain = await _seconds(gateway, with_them[part]), await _seconds(gateway, without[part])
        ratios.append(flagged / plain)
    return round(median(ratios), 3)


async def _seconds(gateway: Gateway, bodies: list[bytes]) -> float:
    begun = time.process_time()
    for body in bodies:
        await _asked(gateway, body)
    return time.process_time() - begun


async def _asked(gateway: Gateway, body: bytes) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/assign",
        "headers": [(b"content-type", b"application/json")],
    }
    incoming = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> Any:
        return incoming.pop() if incoming else await asyncio.sleep(3600)

    async def send(message: Any) -> None:
        sent.append(message)

    await gateway(scope, receive, send)
    if sent[0]["status"] != 200:
        raise SegmentsError(f"a request was answered with {sent[0]['status']}: {sent[1]['body'][:200]!r}")
