"""One worker process: its model, metrics and gateway, and the order in which they start and stop.

Only workers import this module: the process that starts them answers no request, and the import would delay them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serving.gateway.admission import share
from serving.gateway.gateway import Gateway
from serving.gateway.request_log import log_json_lines
from serving.metrics.model_metrics import ModelMetrics
from serving.metrics.service_metrics import MODEL_INFO, ServiceMetrics
from serving.metrics.shadow_metrics import ShadowMetrics
from serving.metrics.worker_metrics import WorkerMetrics
from serving.model.registry_follower import live_model_of
from serving.model.served_model import Fetch
from serving.model.shadow import Shadow, shadow_of
from serving.settings import ServiceSettings
from serving.transport.accepting import accept_more
from serving.transport.connections import Bounds, bound_connections
from serving.transport.graceful_shutdown import stop_gracefully
from serving.transport.server import put_in_front, running_server

LOAD_SECONDS = 20.0
# How long a thread keeps the GIL from a waiting one. uvloop acquires the GIL anew for each readable socket: at Python's
# default of 5 ms it serves only some 200 sockets a second beside a busy thread.
SWITCH_SECONDS = 0.001


class Worker:
    """One worker of the service.

    packed : loads the model that a Bento carries; None outside a Bento. place : the worker's number, from 1.
    """

    def __init__(self, settings: ServiceSettings, packed: Fetch | None, place: int) -> None:
        self._settings = settings
        self._metrics = ServiceMetrics()
        self._live = live_model_of(settings, packed, ModelMetrics(self._metrics))
        self._shadow = _shadow(settings, self._metrics)
        self._numbers = WorkerMetrics(self._metrics, _shared_folder(settings), place)
        self.gateway = Gateway(self._live, settings, self._metrics, self._numbers, self._shadow)

    def start(self, in_front: Callable[[Any], Any]) -> None:
        """Begin to load the model. `in_front` wraps an ASGI application so that the gateway gets its requests first."""
        self._guard(in_front)
        self._numbers.start(self.gateway.update_gauges)
        self._live.start()
        if self._shadow is not None:
            self._shadow.start()
        self._wait_where_others_serve()

    def stop(self) -> None:
        """Stop following the registry, comparing with the challenger, and writing metrics."""
        self._live.stop()
        if self._shadow is not None:
            self._shadow.stop()
        self._numbers.stop()

    def _guard(self, in_front: Callable[[Any], Any]) -> None:
        """Under uvicorn (always, except in tests): bound connections, put the gateway first, shut down gracefully."""
        server, settings = running_server(), self._settings
        if server is None:
            return
        sys.setswitchinterval(SWITCH_SECONDS)
        log_json_lines()
        most = share(settings.max_connections, settings.workers)
        bounds = Bounds(most, settings.header_seconds, self._metrics.turned_away, self._metrics.disconnected)
        bound_connections(server, bounds)
        accept_more(server, self.gateway.is_full)
        # before BentoML's own middleware, which costs time and has no use here
        put_in_front(server, in_front)
        stop_gracefully(server, self.gateway.drain, settings.drain_seconds)

    def _wait_where_others_serve(self) -> None:
        """Let a restarted worker accept no requests before it has a model; the other workers answer them meanwhile.

        All workers share a socket, and each that listens gets its part of the requests. The first workers do not wait,
        so that probes learn that the model is being loaded.
        """
        end = time.monotonic() + LOAD_SECONDS
        if any(others.get(MODEL_INFO) for others in self._numbers.others()):
            while self._live.current is None and time.monotonic() < end:
                time.sleep(0.05)


def _shadow(settings: ServiceSettings, metrics: ServiceMetrics) -> Shadow | None:
    """The comparison with a challenger, if the settings name one; its metrics exist only then."""
    if settings.shadow_alias is None:
        return None
    return shadow_of(settings, settings.shadow_alias, ShadowMetrics(metrics))


def _shared_folder(settings: ServiceSettings) -> Path | None:
    """The folder in which the workers of one service share metrics, named after their parent process."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) / f"segments-{os.getppid()}" if settings.workers > 1 and folder else None
