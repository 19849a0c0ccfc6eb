"""A whole discovery: read the tables, discover, judge, name, log, register."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from features.customer_vector import CustomerVectors, build_vectors
from features.learned import LearnedFeatures
from registry.connection import RegistryLocation
from registry.killed_runs import end_killed_runs
from registry.records import CandidateRecord, DiscoveryRecord
from registry.runs import DISCOVERY, log_discovery
from registry.versions import fetch_champion, register
from segments.contract import Role
from segments.errors import ArtefactError, UnreachableError
from segments.examples import with_examples
from segments.model import SegmentModel
from segments.rules import RuleSet
from segments.wording import plain_number
from training.discovery import Discovery, Progress, discover
from training.evidence import evidence_table, verdict_metrics
from training.pending import keep
from training.report import candidate_table, draw_pictures, html_report, segment_table
from training.rule_export import rule_table, rules_json, rules_sql
from training.rule_learning import learn_rules
from training.settings import Settings
from training.succession import succeed

LIBRARIES = ("hdbscan", "ibis-framework", "mlflow", "numpy", "pandas", "scikit-learn", "scipy", "umap-learn")
SQLITE = "sqlite:///"

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


def location_of(settings: Settings, base: Path) -> RegistryLocation:
    """The registry that the settings name; the path of a SQLite file counts from the settings file's folder."""
    registry = settings.registry
    uri = registry.tracking_uri
    if uri.startswith(SQLITE):
        uri = f"{SQLITE}{(base / uri.removeprefix(SQLITE)).resolve()}"
    return RegistryLocation(uri, registry.model_name, registry.experiment)


def vectors_of(settings: Settings, base: Path, learned: LearnedFeatures | None = None) -> CustomerVectors:
    """The customer vectors that the settings describe, by rules learned before or from these customers."""
    return build_vectors(settings.sources, settings.features, settings.as_of, base, learned)


def learned_by(model: SegmentModel) -> LearnedFeatures:
    """The score edges and pooled categories of a model's own training, to make vectors for it."""
    return LearnedFeatures.from_json(model.provenance["learned_features"])


def run_discovery(settings: Settings, base: Path, announce: Announce, progress: Progress) -> Outcome:
    """Run everything; `base` is the folder that the settings' paths count from.

    Where the registry does not answer, the discovery is finished all the same, and kept for `training.sync`.

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
        kept = keep(base, finished.record, vectors, incumbent.digest if incumbent else "")
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


def described(vectors: CustomerVectors) -> str:
    """The vectors in a few lines: how many, from which rows, what shapes the segments and what describes them."""
    customers = len(vectors.frame)
    lines = [f"{customers:,} customer{'' if customers == 1 else 's'} as of {vectors.as_of.isoformat()}"]
    for table, counts in vectors.report.items():
        left_out = [f"{count:,} {what.replace('_', ' ')}" for what, count in counts.items() if count and what != "rows"]
        rows = counts.get("rows", 0)
        told = f"  {table}: {rows:,} row{'' if rows == 1 else 's'}"
        lines.append(told + (f" ({', '.join(left_out)})" if left_out else ""))
    for role, verb, what in ((Role.BASIS, "shape", "the segments"), (Role.DESCRIPTOR, "describe", "them")):
        names = [column.name for column in vectors.contract.columns if column.role is role]
        few = f"1 column {verb}s" if len(names) == 1 else f"{len(names)} columns {verb}"
        lines.append(f"  {few} {what}{': ' if names else ''}{', '.join(names)}")
    return "\n".join(lines)


def provenance(settings: Settings, vectors: CustomerVectors) -> dict[str, Any]:
    """What made the model, for the model itself: plain JSON values."""
    return {
        "as_of": vectors.as_of.isoformat(),
        "data_digest": vectors.digest,
        "learned_features": vectors.learned.to_json(),
        "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
        "settings": settings.model_dump(mode="json", exclude={"registry", "sweep", "title"}),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """The versions of the libraries that a result depends on."""
    return {name: version(name) for name in LIBRARIES}


def record(
    settings: Settings,
    vectors: CustomerVectors,
    found: Discovery,
    pictures: dict[str, bytes],
    report: str,
    rules: Sequence[RuleSet],
) -> DiscoveryRecord:
    """The discovery as the registry logs it."""
    judgement = found.chosen.judgement
    candidates = tuple(
        CandidateRecord(
            name=candidate.recipe.name,
            params={"algorithm": candidate.recipe.algorithm, **candidate.recipe.parameters},
            metrics={
                **(candidate.judgement.metrics if candidate.judgement else candidate.facts),
                **(candidate.fit.facts if candidate.fit else {}),
            },
            tags={"remark": remark, "chosen": str(number == found.choice.chosen).lower()},
        )
        for number, (candidate, remark) in enumerate(zip(found.candidates, found.choice.remarks, strict=True))
    )
    return DiscoveryRecord(
        name=f"{settings.registry.model_name} as of {vectors.as_of.isoformat()}",
        settings=settings.model_dump(mode="json", exclude={"sweep"}),
        vectors=vectors.frame,
        data_digest=vectors.digest,
        data_source=", ".join(vectors.report),
        model=found.model,
        metrics={
            **(judgement.metrics if judgement else {}),
            **verdict_metrics(found),
            "customers": float(len(vectors.frame)),
        },
        tags={
            "algorithm": found.chosen.recipe.algorithm,
            "chosen": found.chosen.recipe.name,
            "verdict": str(found.verdict.kind),
        },
        versions=versions(),
        candidates=candidates,
        tables={
            "segments": segment_table(found),
            "candidates": candidate_table(found),
            "evidence": evidence_table(found),
            "rules": rule_table(rules, found.contract),
        },
        figures=pictures,
        texts={
            "report.html": report,
            "rules.json": rules_json(rules),
            "rules.sql": rules_sql(rules, found.contract),
            **descent(found.model),
        },
        note=note(settings, vectors, found),
    )


def descent(model: SegmentModel) -> dict[str, str]:
    """From which segments of the champion the model's own descend, as a file of the run; nothing for a first model."""
    lineage = model.provenance.get("lineage")
    return {"lineage.json": json.dumps(lineage, indent=2, ensure_ascii=False)} if lineage else {}


def note(settings: Settings, vectors: CustomerVectors, found: Discovery) -> str:
    """The run's front page in Markdown."""
    rows = "\n".join(
        f"| {card.name} | {card.size:,} | {plain_number(100 * card.share)} % | {card.sentence} | `{card.id}` |"
        for card in found.model.cards
    )
    return (
        f"# {settings.title or settings.registry.model_name}\n\n"
        f"{len(vectors.frame):,} customers as of {vectors.as_of.isoformat()}. Chosen: {found.choice.reason}.\n\n"
        f"**Verdict.** {found.verdict.sentence}\n\n"
        f"The model keeps {found.model.provenance['exemplars']:,} encoded training customers as exemplars.\n\n"
        "The whole story with pictures is in the artifact `report.html`.\n\n"
        f"| segment | customers | share | in words | id |\n|---|---:|---:|---|---|\n{rows}\n"
    )
