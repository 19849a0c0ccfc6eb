"""A whole discovery: read the tables, discover, judge, name, log, register."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from features.vector_table import CustomerVectors
from jobs.customer_vectors import described, vectors_of
from jobs.discovery_record import provenance, record
from jobs.registry_location import location_of
from registry.connection import RegistryLocation
from registry.orphans.killed_runs import end_killed_runs
from registry.runs.discovery_runs import DISCOVERY, log_discovery
from registry.runs.records import DiscoveryRecord
from registry.versions.versions import fetch_champion, register
from reporting.page import html_report
from reporting.pictures.all_pictures import draw_pictures
from segment_model.errors import ArtefactError, UnreachableError
from segment_model.model import SegmentModel
from segment_model.self_test import with_examples
from training.discovery.discovery import Discovery, Progress, discover
from training.outbox.pending_runs import write_pending
from training.profiling.rule_learning import learn_rules
from training.settings import Settings
from training.succession.succession import succeed

Announce = Callable[[str], None]


@dataclass(frozen=True)
class Sent:
    """Where a discovery was logged, and as which version it was registered."""

    run_id: str
    version: str


@dataclass(frozen=True)
class Finished:
    """A discovery before anybody outside knows of it."""

    discovery: Discovery
    report: str
    record: DiscoveryRecord


@dataclass(frozen=True)
class Outcome:
    """What a run leaves: the vectors, the discovery, and where it was sent, or else the folder that it is kept in."""

    vectors: CustomerVectors
    discovery: Discovery
    report: str
    sent: Sent | None
    kept: Path | None = None

    @property
    def version(self) -> str:
        """The version that was registered."""
        return self._there.version

    @property
    def run_id(self) -> str:
        """The MLflow run."""
        return self._there.run_id

    @property
    def _there(self) -> Sent:
        if self.sent is None:
            raise UnreachableError(
                f"the discovery is not registered yet: it is kept in {self.kept} for `segments sync`"
            )
        return self.sent


def run_discovery(settings: Settings, base: Path, announce: Announce, progress: Progress) -> Outcome:
    """Run everything; `base` is the folder that the settings' paths count from.

    Where the registry does not answer, the discovery is finished all the same, and kept for `jobs.sync`.

    Raises
    ------
    SegmentsError
        If anything is wrong with tables, settings or registry, or nothing was found; then nothing is registered.
    """
    announce("reading the tables and making one vector a customer")
    vectors = vectors_of(settings, base)
    announce(described(vectors))
    location = location_of(settings, base)
    incumbent: SegmentModel | None = None
    answers = True
    try:
        end_killed(location, announce)
        incumbent = incumbent_of(location, announce)
    except UnreachableError as error:
        answers = False
        announce(f"{error}. The discovery goes on without a champion to continue, and will be kept here")
    finished = finish(settings, vectors, incumbent, announce, progress)
    sent = kept = None
    if answers:
        announce("logging to MLflow")
        try:
            sent = send(location, finished.record)
        except UnreachableError as error:
            announce(f"{error}. The discovery is kept here")
    if sent is None:
        kept = write_pending(base, finished.record, vectors, incumbent.digest if incumbent else "", announce)
    return Outcome(vectors, finished.discovery, finished.report, sent, kept)


def end_killed(location: RegistryLocation, announce: Announce) -> None:
    """End what killed processes left RUNNING, and say so."""
    if killed := end_killed_runs(location):
        what = (
            "1 run that a killed process left RUNNING is" if killed == 1 else f"{killed} runs of killed processes are"
        )
        announce(f"{what} KILLED now")


def finish(
    settings: Settings,
    vectors: CustomerVectors,
    incumbent: SegmentModel | None,
    announce: Announce,
    progress: Progress,
) -> Finished:
    """Discover, judge, name, draw and tell: all that needs no registry."""
    found = discover(
        vectors.frame, vectors.contract, settings.discovery, provenance(settings, vectors), progress, incumbent
    )
    announce(f"verdict: {found.verdict.sentence}")
    announce(f"chosen: {found.choice.reason}")
    if incumbent is not None:
        model, lineage = succeed(found.model, incumbent, found.frame)
        found = replace(found, model=model)
        announce(f"of the champion's segments: {lineage.summary}")
    found = replace(found, model=with_examples(found.model, found.frame))
    announce("drawing the pictures")
    pictures = draw_pictures(found)
    rules = learn_rules(found.frame, found.contract, found.labels, found.model.cards, settings.discovery.seed)
    title = settings.title or settings.registry.model_name
    report = html_report(found, title, pictures, raw_tables=vectors.report, rules=rules)
    told = record(settings, vectors, found, pictures, report, rules)
    # a name for this discovery, by which its run is found again if sending it was broken off
    return Finished(found, report, replace(told, tags={**told.tags, DISCOVERY: uuid.uuid4().hex}))


def send(location: RegistryLocation, told: DiscoveryRecord, files: Path | None = None) -> Sent:
    """Log a discovery and register its model."""
    run_id = log_discovery(location, told, files)
    return Sent(run_id, register(location, run_id))


def incumbent_of(location: RegistryLocation, announce: Announce) -> SegmentModel | None:
    """The champion, whose segments a retrain continues; None where there is none, or none that can be read."""
    try:
        champion = fetch_champion(location)
    except ArtefactError as error:
        announce(f"the champion cannot be read, so its segments' ids and names are not passed on: {error}")
        return None
    return champion.model if champion else None
