"""The BentoML service: BentoML runs the processes and packs the model; `serving.gateway` answers the requests.

The process that starts the workers imports this module too, before it starts them. So what only a worker needs is
imported later, by the worker.
"""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

import bentoml

from serving.settings import ServiceSettings

if TYPE_CHECKING:
    from serving.model.served_model import Fetch
    from serving.wire.messages import Receive, Scope, Send

CONTAINERIZED = "BENTOML_CONTAINERIZED"
# BentoML needs the number of workers when it imports this module. The other values turn off what costs time and is not
# needed: docs/decisions/0004-service-routes.md measured it; the service has metrics of its own.
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
        gc.disable()  # imports make nearly no garbage; `LiveModel` enables the collector when it has loaded a model
        from serving.worker import Worker

        place = bentoml.server_context.worker_index or 1
        self.worker = Worker(ServiceSettings.from_environment(), _packed(), place)
        self.worker.start(GatewayMiddleware)

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def prepare() -> None:
        """Set up the process that starts the workers: log in JSON, warn of open access, restart workers that die.

        In a container BentoML does not restart a worker that died, and the other workers go on without it; so the
        service hides from BentoML that it runs in a container.
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
        """Stop the worker's threads."""
        self.worker.stop()


class GatewayMiddleware:
    """ASGI middleware: the gateway answers every HTTP request, BentoML the rest (the lifespan events)."""

    def __init__(self, app: Any) -> None:
        self._bentoml = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await bentoml.get_current_service().worker.gateway(scope, receive, send)
        else:
            await self._bentoml(scope, receive, send)


def _packed() -> Fetch | None:
    """Loads the model of the Bento in which this service runs; None outside a Bento."""
    bento = SegmentService.bento  # type: ignore[attr-defined]  # the decorator makes a bentoml.Service
    if bento is None:
        return None
    from serving.packaging import packed_model

    return lambda: packed_model(bento)


SegmentService.add_asgi_middleware(GatewayMiddleware)  # type: ignore[attr-defined]
