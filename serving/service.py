"""The BentoML service: BentoML runs the processes and packs the model; `serving.gateway.gateway` answers.

BentoML reads this file in the process that starts the workers too, and starts them only then: what a worker alone needs
is imported by the worker.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import bentoml

from serving.settings import ServiceSettings

if TYPE_CHECKING:
    from serving.model.served_model import Fetch
    from serving.wire.messages import Receive, Scope, Send

CONTAINERIZED = "BENTOML_CONTAINERIZED"
# BentoML must know the number of workers when it reads this file, and uses a process of its own to start them.
# The rest are the levers that docs/decisions/0004-service-routes.md measured; the metrics are ours.
CONFIG: dict[str, Any] = {
    "workers": ServiceSettings.from_environment().workers,
    "traffic": {"timeout": 60},
    "logging": {"access": {"enabled": False}},
    "tracing": {"excluded_urls": ".*"},
    "metrics": {"enabled": False},
}


@bentoml.service(name="segments", **CONFIG)
class SegmentService:
    """Assigns customers to the segments of one model and explains why."""

    def __init__(self) -> None:
        from serving.worker import Worker

        place = bentoml.server_context.worker_index or 1
        self.worker = Worker(ServiceSettings.from_environment(), _packed(), place)
        self.worker.start(GatewayMiddleware)

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def prepare() -> None:
        """What the process that starts the workers does first: log as they do, say who is let in, bring back the dead.

        BentoML starts no worker anew that died in a container; and the others go on as if nothing had happened.
        """
        from serving.gateway.request_log import log_json_lines, logger

        log_json_lines()
        if ServiceSettings.from_environment().api_keys_file is None:
            logger.warning(
                "this service asks for no API key: whoever reaches its port may use it; to ask for one, make a file by "
                "`segments key NAME --file keys.json` and name it in SEGMENTS_API_KEYS_FILE"
            )
        os.environ.pop(CONTAINERIZED, None)

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def stop(self) -> None:
        """Stop looking for a model."""
        self.worker.stop()


class GatewayMiddleware:
    """ASGI middleware by which the service's own door answers every HTTP request, and BentoML the rest (its start)."""

    def __init__(self, app: Any) -> None:
        self._bentoml = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await bentoml.get_current_service().worker.gateway(scope, receive, send)
        else:
            await self._bentoml(scope, receive, send)


def _packed() -> Fetch | None:
    """What gets the model of the Bento that this service runs in, if it does in one."""
    bento = SegmentService.bento  # type: ignore[attr-defined]  # the decorator makes a bentoml.Service
    if bento is None:
        return None
    from serving.packaging import packed_model

    return lambda: packed_model(bento)


SegmentService.add_asgi_middleware(GatewayMiddleware)  # type: ignore[attr-defined]
