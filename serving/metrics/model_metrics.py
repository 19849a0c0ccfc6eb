"""Metrics of the model in service and of the registry that it comes from."""

from __future__ import annotations

import time

from serving.metrics.metrics import Metrics
from serving.model.live_model import ModelEvents
from serving.model.served_model import ServedModel


class ModelMetrics(ModelEvents):
    """Registers the metrics of the model; the page shows the largest gauge of all workers, which is the worst."""

    def __init__(self, metrics: Metrics) -> None:
        self._loads = metrics.counter("segments_model_loads", "Models put into service, including renamed ones.")
        self._loaded = metrics.gauge(
            "segments_model_loaded_timestamp_seconds", "Time at which a model was last put into service.", largest=True
        )
        self._copy = metrics.gauge(
            "segments_model_is_copy",
            "1 while the copy on disk is served instead of the registry's version.",
            largest=True,
        )
        self._refused = metrics.counter(
            "segments_refused_models", "Attempts to load a version that was refused, by reason.", ("reason",)
        )
        self._behind = metrics.gauge(
            "segments_model_behind", "1 while the registry names a version that is not served.", largest=True
        )
        self._silent = metrics.gauge(
            "segments_registry_silent",
            "1 while the registry does not answer; the model in service stays.",
            largest=True,
        )
        self._answered = metrics.gauge(
            "segments_registry_answered_timestamp_seconds", "Time at which the registry last answered.", largest=True
        )

    def served(self, served: ServedModel) -> None:
        self._loads.add()
        self._loaded.set(time.time())
        self._copy.set(float(served.is_copy))

    def refused(self, version: str, reason: str) -> None:  # noqa: ARG002  # versions would be labels without a bound
        self._refused.add(reason)

    def in_step(self, in_step: bool) -> None:
        self._behind.set(float(not in_step))

    def answered(self, answered: bool) -> None:
        self._silent.set(float(not answered))
        if answered:
            self._answered.set(time.time())
