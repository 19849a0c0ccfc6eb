"""The BentoML service: BentoML runs the processes and packs the model; `serving.door` answers."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import bentoml

from serving.accepting import accept_more
from serving.connections import Bounds, bound_connections
from serving.door import Door
from serving.following import live_model_of
from serving.leaving import leave_in_order, running_server
from serving.limits import share
from serving.messages import Receive, Scope, Send
from serving.model_metrics import ModelMetrics
from serving.packaging import packed_model
from serving.request_log import log_json_lines
from serving.service_metrics import MODEL_INFO, ServiceMetrics
from serving.settings import ServiceSettings
from serving.shadow import shadow_of
from serving.worker_metrics import WorkerMetrics

LOAD_SECONDS = 20.0
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
        settings = ServiceSettings.from_environment()
        metrics = ServiceMetrics()
        self.live = live_model_of(settings, self._packed(), ModelMetrics(metrics))
        self.live.shadow = self.shadow = shadow_of(settings, metrics)
        self.workers = WorkerMetrics(metrics, _shared_folder(settings), bentoml.server_context.worker_index or 1)
        self.door = Door(self.live, settings, metrics, self.workers)
        self._guard(settings, metrics)
        self.workers.start(self.door.tell_numbers)
        self.live.start()
        if self.shadow is not None:
            self.shadow.start()
        self._wait_where_others_serve()

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def bring_back_the_dead() -> None:
        """BentoML starts no worker anew that died in a container; and the others go on as if nothing had happened."""
        os.environ.pop(CONTAINERIZED, None)

    def _wait_where_others_serve(self) -> None:
        """A worker that was brought back takes no requests before it has a model: the others answer them meanwhile.

        All workers share a socket, so whoever listens gets his part of the requests. The first workers do not wait:
        there the probes are to hear that the model is being loaded.
        """
        end = time.monotonic() + LOAD_SECONDS
        if any(others.get(MODEL_INFO) for others in self.workers.others()):
            while self.live.current is None and time.monotonic() < end:
                time.sleep(0.05)

    def _guard(self, settings: ServiceSettings, metrics: ServiceMetrics) -> None:
        """Where uvicorn serves, as it does but in a test: bound its connections, stand in front, leave in order."""
        server = running_server()
        if server is None:
            return
        log_json_lines()
        bounds = Bounds(share(settings.max_connections, settings.workers), settings.header_seconds, metrics.turned_away)
        bound_connections(server, bounds)
        accept_more(server, self.door.is_full)
        # before all that BentoML does with a request: most of it costs time and serves nobody here
        server.config.loaded_app = FrontDoor(server.config.loaded_app)
        leave_in_order(server, self.door.leave, settings.drain_seconds)

    @staticmethod
    def _packed() -> Any:
        bento = SegmentService.bento  # type: ignore[attr-defined]  # the decorator makes a bentoml.Service
        return None if bento is None else lambda: packed_model(bento)

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def stop(self) -> None:
        """Stop looking for a model."""
        self.live.stop()
        if self.shadow is not None:
            self.shadow.stop()
        self.workers.stop()


class FrontDoor:
    """ASGI middleware that lets every HTTP request in by the service's own door, before BentoML's routes."""

    def __init__(self, app: Any) -> None:
        self._bentoml = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await bentoml.get_current_service().door(scope, receive, send, behind=self._bentoml)
        else:
            await self._bentoml(scope, receive, send)


def _shared_folder(settings: ServiceSettings) -> Path | None:
    """Where the workers of one service put their metrics: named by the process that started them all."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) / f"segments-{os.getppid()}" if settings.workers > 1 and folder else None


SegmentService.add_asgi_middleware(FrontDoor)  # type: ignore[attr-defined]
