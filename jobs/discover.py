"""A whole discovery: read the tables, discover, judge, name, log, register."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from features.vector_table import CustomerVectors
from jobs.champion.incumbent import Incumbent, end_killed, incumbent_of
from jobs.conclusion import conclude
from jobs.customer_vectors import describe_vectors, vectors_of
from jobs.delivery import Sent, send
from jobs.registry_location import location_of
from segment_model.errors import ArtefactError, RegistryError, UnreachableError
from training.discovery.discovery import Discovery
from training.discovery.everyone import Everyone
from training.outbox.pending_runs import write_pending
from training.progress import Announce, Progress
from training.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """What a discovery leaves: the vectors, the discovery, its report, and either the run or the folder that keeps it.

    Exactly one of `sent` and `kept` is not None.
    """

    vectors: CustomerVectors
    discovery: Discovery
    report: str
    sent: Sent | None
    kept: Path | None = None

    @property
    def version(self) -> str:
        """The registered version; an UnreachableError where the discovery is only kept."""
        return self._registered.version

    @property
    def run_id(self) -> str:
        """The MLflow run; an UnreachableError where the discovery is only kept."""
        return self._registered.run_id

    @property
    def _registered(self) -> Sent:
        if self.sent is None:
            raise UnreachableError(
                f"the discovery is not registered yet: it is kept in {self.kept} for `segments sync`"
            )
        return self.sent


def run_discovery(settings: Settings, base: Path, announce: Announce, progress: Progress) -> Outcome:
    """Discover, log and register; `base` is the folder from which the settings' paths count.

    Where the registry does not answer, the discovery is finished all the same, and kept for `jobs.sync`.

    Raises
    ------
    SegmentsError
        If anything is wrong with tables, settings or registry, or no segments can be made; then nothing is registered.
        A finished discovery that the registry refuses is kept first.
    """
    began = time.time()
    announce("reading the tables and making one vector a customer")
    if settings.engine.spark is None:
        return _discover(settings, base, vectors_of(settings, base), None, began, announce, progress)
    from jobs.spark.training_vectors import learners  # imports what only a Spark needs

    with learners(settings, base, announce) as customers:
        return _discover(settings, base, customers.vectors, customers.everyone, began, announce, progress)


def _discover(
    settings: Settings,
    base: Path,
    vectors: CustomerVectors,
    everyone: Everyone | None,
    began: float,
    announce: Announce,
    progress: Progress,
) -> Outcome:
    """Discover in vectors, log and register; everyone : all customers, where the vectors are a sample of them."""
    announce(describe_vectors(vectors, settings.discovery))
    location = location_of(settings, base)
    incumbent: Incumbent | None = None
    reachable = True
    try:
        end_killed(location, announce)
        incumbent = incumbent_of(location, announce)
    except UnreachableError as error:
        reachable = False
        announce(f"{error}. The discovery goes on without a champion to continue, and will be kept here")
    concluded = conclude(settings, vectors, incumbent, announce, progress, base, everyone)
    record = replace(concluded.record, began=began, ended=time.time())

    def keep() -> Path:
        return write_pending(base, record, vectors, incumbent.model.digest if incumbent else "", announce)

    sent = None
    if reachable:
        announce("logging to MLflow")
        try:
            sent = send(location, record)
        except UnreachableError as error:
            announce(f"{error}. The discovery is kept here")
        except (RegistryError, ArtefactError) as error:
            folder = keep()
            raise RegistryError(
                f"{error}. The discovery is finished and kept in {folder}: correct this, then run `segments sync`"
            ) from error
    kept = keep() if sent is None else None
    return Outcome(vectors, concluded.discovery, concluded.report, sent, kept)
