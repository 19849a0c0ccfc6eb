"""One worker process: the model in service, the door before it, and in which order they start and stop.

Only workers import this: the process that starts them has no use for what answers, and nobody would wait for it.
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
# How long a thread may keep the interpreter from another that wants it. uvloop asks for it anew for each socket that
# has something to say: at Python's own 5 ms a busy thread let it hear some 200 of them a second.
SWITCH_SECONDS = 0.001


class Worker:
    """`packed` gets the model that a Bento carries, None where there is no Bento; `place` is one of 1 to the number of
    workers."""

    def __init__(self, settings: ServiceSettings, packed: Fetch | None, place: int) -> None:
        self._settings = settings
        self._metrics = ServiceMetrics()
        self._live = live_model_of(settings, packed, ModelMetrics(self._metrics))
        self._shadow = _shadow(settings, self._metrics)
        self._numbers = WorkerMetrics(self._metrics, _shared_folder(settings), place)
        self.gateway = Gateway(self._live, settings, self._metrics, self._numbers, self._shadow)

    def start(self, in_front: Callable[[Any], Any]) -> None:
        """Begin to load the model. `in_front` puts the door before an application."""
        self._guard(in_front)
        self._numbers.start(self.gateway.update_gauges)
        self._live.start()
        if self._shadow is not None:
            self._shadow.start()
        self._wait_where_others_serve()

    def stop(self) -> None:
        """Stop looking for a model."""
        self._live.stop()
        if self._shadow is not None:
            self._shadow.stop()
        self._numbers.stop()

    def _guard(self, in_front: Callable[[Any], Any]) -> None:
        """Where uvicorn serves, as it does but in a test: bound its connections, stand in front, leave in order."""
        server, settings = running_server(), self._settings
        if server is None:
            return
        sys.setswitchinterval(SWITCH_SECONDS)
        log_json_lines()
        most = share(settings.max_connections, settings.workers)
        callbacks = (self._metrics.turned_away, self._metrics.disconnected)
        bound_connections(server, Bounds(most, settings.header_seconds, *callbacks))
        accept_more(server, self.gateway.is_full)
        # before BentoML's own middleware, which costs time and has no use here
        put_in_front(server, in_front)
        stop_gracefully(server, self.gateway.drain, settings.drain_seconds)

    def _wait_where_others_serve(self) -> None:
        """A worker that was brought back takes no requests before it has a model: the others answer them meanwhile.

        All workers share a socket, so whoever listens gets his part of the requests. The first workers do not wait:
        there the probes are to hear that the model is being loaded.
        """
        end = time.monotonic() + LOAD_SECONDS
        if any(others.get(MODEL_INFO) for others in self._numbers.others()):
            while self._live.current is None and time.monotonic() < end:
                time.sleep(0.05)


def _shadow(settings: ServiceSettings, metrics: ServiceMetrics) -> Shadow | None:
    """The challenger that the settings name, if any; only then do its metrics appear on the page."""
    if settings.shadow_alias is None:
        return None
    return shadow_of(settings, settings.shadow_alias, ShadowMetrics(metrics))


def _shared_folder(settings: ServiceSettings) -> Path | None:
    """Where the workers of one service put their metrics: named by the process that started them all."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) / f"segments-{os.getppid()}" if settings.workers > 1 and folder else None
