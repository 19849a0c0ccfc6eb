"""The model in service: fetched, verified, examined and warmed, then held in one reference.

A request reads the reference once and works with what it got, so an answer never mixes two models.
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
    """What becomes of the model in service; whoever wants to count overrides these."""

    def served(self, served: ServedModel) -> None:
        """A model was put into service, or its segments were renamed."""

    def refused(self, version: str, reason: str) -> None:
        """A version was not put into service."""

    def answered(self, answered: bool) -> None:
        """The registry was asked, and answered or not."""

    def in_step(self, in_step: bool) -> None:
        """What is served is, or is not, what the registry names."""


def warm(served: ServedModel) -> None:
    """Ask a model its self-test and one typical customer a segment (the card's medians), alone and together, so that no
    caller waits for a first time.

    Raises
    ------
    ArtefactError
        If the model does not give the answers that it was stored with, or none for its own typical customers.
    """
    from segment_model.self_test import check_examples

    examined = check_examples(served.model)
    basis = [column.name for column in served.model.contract.basis]
    records = [{name: card.medians.get(name) for name in basis} for card in served.model.cards]
    for some in (records, records[:1]):
        assignments, explanations = served.model.explain_records(some)
        answered = np.isfinite(assignments.strength).all() and np.isfinite(explanations.contributions).all()
        if not answered:
            raise ArtefactError(f"model {served.version} gives no finite answer for its own typical customers")
        served.reasons.words(some[0], int(explanations.toward[0]), int(explanations.against[0]))
    served.model.assign_records(records)
    if not examined:
        logger.warning(
            "version %s has no self-test: that it answers as where it was trained is not known", served.version
        )
    _ = served.units
    if "raw_columns" in served.model.provenance:
        try:
            _ = served.compiler
        except ContractError as error:  # only /assign_records needs it, and says so
            logger.warning("version %s cannot take raw records: %s", served.version, error)


class LiveModel:
    """Holds the served model; `current` is None until one was loaded and warmed.

    `fetch` gets and verifies a model. It is tried again every `retry_seconds` until it succeeds; meanwhile `failure`
    says why there is none.
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
        """Load in the background, so that probes are answered meanwhile."""
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def load(self) -> ServedModel:
        """Fetch, warm and put into service, now.

        Raises
        ------
        SegmentsError
            If the model cannot be fetched, is not what its digest says, or gives no answer.
        """
        served = self._fetch()
        warm(served)
        self._put(served)
        return served

    def _put(self, served: ServedModel) -> None:
        # A collection over the heap of imported libraries stops every request for a tenth of a second, so what was
        # imported for the first model is frozen with it, before anybody is answered; after a copy, for the registry's
        # first. Later models are not: what is frozen is never collected, and to thaw it is that tenth of a second.
        gc.collect()
        if self.current is None or self.current.is_copy:
            gc.freeze()
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
                # whatever a damaged artefact or a library raises, the service must stay up, unready, and say why
                self.failure = failure_of(error)
                logger.exception("no model to serve. Trying again in %g s.", self._retry_seconds)
            else:
                return
            self._stopped.wait(self._retry_seconds)


def failure_of(error: Exception) -> str:
    """Why there is no model, in words for whoever asks the service."""
    ours = isinstance(error, SegmentsError)
    return str(error) if ours else f"{type(error).__name__} while loading; the log has the trace"
