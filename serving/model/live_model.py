"""The model in service: fetched, verified, self-tested and warmed, then held in one reference.

A request reads the reference once and keeps that model, so an answer never mixes two models.
"""

from __future__ import annotations

import gc
import logging
import threading

import numpy as np

from segment_model.errors import ArtefactError, ContractError, SegmentsError
from serving.model.served_model import Fetch, ServedModel

logger = logging.getLogger("bentoml.segments")  # BentoML prints what comes below its own name


class ModelEvents:
    """Events in the life of the model in service; a subclass counts them."""

    def served(self, served: ServedModel) -> None:
        """A model was put into service, or its segments were renamed."""

    def refused(self, version: str, reason: str) -> None:
        """A version was not put into service."""

    def answered(self, answered: bool) -> None:
        """The registry was asked, and answered or not."""

    def in_step(self, in_step: bool) -> None:
        """The model in service is, or is not, the one that the registry names."""


def warm(served: ServedModel) -> None:
    """Run a model's self-test and assign one typical customer per segment (the card's medians), alone and together.

    So caches are filled before the first request, and a model that answers wrongly is never served.

    Raises
    ------
    ArtefactError
        If the model does not reproduce the answers stored with it, or gives no finite one for its typical customers.
    """
    from segment_model.self_test import check_examples

    examined = check_examples(served.model)
    basis = [column.name for column in served.model.contract.basis]
    records = [{name: card.medians.get(name) for name in basis} for card in served.model.cards]
    for customers in (records, records[:1]):
        assignments, explanations = served.model.explain_records(customers)
        answered = np.isfinite(assignments.strength).all() and np.isfinite(explanations.contributions).all()
        if not answered:
            raise ArtefactError(f"model {served.version} gives no finite answer for its own typical customers")
        served.reasons.words(customers[0], int(explanations.toward[0]), int(explanations.against[0]))
    served.model.assign_records(records)
    if not examined:
        logger.warning(
            "version %s has no self-test: whether it answers as it did in training is not known", served.version
        )
    _ = served.units
    if "raw_columns" in served.model.provenance:
        try:
            _ = served.compiler
        except ContractError as error:  # only /assign_records needs the compiler, and refuses requests without it
            logger.warning("version %s cannot take raw records: %s", served.version, error)


class LiveModel:
    """Holds the model in service; `current` is None until a model is loaded and warmed.

    `fetch` loads and verifies a model. It is retried every `retry_seconds` until it succeeds; meanwhile `failure` says
    why there is no model. The first attempt ends the time in which a worker collects no garbage (decision 17).
    """

    def __init__(self, fetch: Fetch, retry_seconds: float = 5.0, events: ModelEvents | None = None) -> None:
        self._fetch = fetch
        self._retry_seconds = retry_seconds
        self._events = events or ModelEvents()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load-model", daemon=True)
        self.current: ServedModel | None = None
        self.failure: str | None = None

    def start(self) -> None:
        """Load in the background; probes are answered meanwhile."""
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def load(self) -> ServedModel:
        """Fetch, warm and put into service, now.

        Raises
        ------
        SegmentsError
            If the model cannot be fetched, does not match its digest, or fails its warm-up.
        """
        served = self._fetch()
        warm(served)
        self._put(served)
        return served

    def _put(self, served: ServedModel) -> None:
        # A garbage collection over all imported libraries pauses requests for a tenth of a second. So the heap is
        # frozen with the first model, before it answers, and once more when the registry's model replaces a copy. Not
        # with later models: frozen objects are never collected, and thawing them costs that tenth of a second.
        gc.collect()
        if self.current is None or self.current.is_copy:
            gc.freeze()
        gc.enable()  # a worker disables the collector before its imports
        self.current, self.failure = served, None
        logger.info(
            "serving %s version %s (%s) from %s", served.name, served.version, served.model.digest, served.source
        )
        self._events.served(served)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.load()
            except SegmentsError as error:
                self.failure = failure_of(error)
                logger.error("no model to serve: %s. Trying again in %g s.", error, self._retry_seconds)
            except Exception as error:
                # any error of a damaged artefact or a library: the service stays up, unready, and reports it
                self.failure = failure_of(error)
                logger.exception("no model to serve. Trying again in %g s.", self._retry_seconds)
            else:
                return
            self._pause(self._retry_seconds)

    def _pause(self, seconds: float) -> None:
        """Wait after an attempt to load, until `stop` or for so long."""
        gc.enable()
        self._stopped.wait(seconds)


def failure_of(error: Exception) -> str:
    """Why there is no model, in words for callers of the service."""
    ours = isinstance(error, SegmentsError)
    return str(error) if ours else f"{type(error).__name__} while loading; the log has the trace"
