"""What a job works with: the registry, the customer vectors and the champion that its settings name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from features.customer_vector import CustomerVectors, build_vectors
from features.learned import LearnedFeatures
from registry.connection import RegistryLocation
from registry.orphans.killed_runs import end_killed_runs
from registry.versions.versions import fetch_champion
from segment_model.contract import Role
from segment_model.errors import ArtefactError
from segment_model.model import SegmentModel
from segment_model.storage.sqlite_address import anchored_address
from training.settings import Settings

Announce = Callable[[str], None]


def location_of(settings: Settings, base: Path) -> RegistryLocation:
    """The registry that the settings name; the path of a SQLite file counts from the settings file's folder."""
    registry = settings.registry
    return RegistryLocation(anchored_address(registry.tracking_uri, base), registry.model_name, registry.experiment)


def vectors_of(settings: Settings, base: Path, learned: LearnedFeatures | None = None) -> CustomerVectors:
    """The customer vectors that the settings describe, by rules learned before or from these customers."""
    return build_vectors(settings.sources, settings.features, settings.as_of, base, learned)


def learned_by(model: SegmentModel) -> LearnedFeatures:
    """The score edges and pooled categories of a model's own training, to make vectors for it."""
    return LearnedFeatures.from_json(model.provenance["learned_features"])


def incumbent_of(location: RegistryLocation, announce: Announce) -> SegmentModel | None:
    """The champion, whose segments a retrain continues; None where there is none, or none that can be read."""
    try:
        champion = fetch_champion(location)
    except ArtefactError as error:
        announce(f"the champion cannot be read, so its segments' ids and names are not passed on: {error}")
        return None
    return champion.model if champion else None


def end_killed(location: RegistryLocation, announce: Announce) -> None:
    """End the runs that killed processes left RUNNING, and announce how many."""
    if killed := end_killed_runs(location):
        runs = (
            "1 run that a killed process left RUNNING is" if killed == 1 else f"{killed} runs of killed processes are"
        )
        announce(f"{runs} KILLED now")


def describe_vectors(vectors: CustomerVectors) -> str:
    """The vectors in a few lines: how many, from which rows, which columns shape the segments or describe them."""
    customers = len(vectors.frame)
    lines = [f"{customers:,} customer{'' if customers == 1 else 's'} as of {vectors.as_of.isoformat()}"]
    for table, counts in vectors.report.items():
        left_out = [f"{count:,} {kind.replace('_', ' ')}" for kind, count in counts.items() if count and kind != "rows"]
        rows = counts.get("rows", 0)
        line = f"  {table}: {rows:,} row{'' if rows == 1 else 's'}"
        lines.append(line + (f" ({', '.join(left_out)})" if left_out else ""))
    for role, verb, target in ((Role.BASIS, "shape", "the segments"), (Role.DESCRIPTOR, "describe", "them")):
        names = [column.name for column in vectors.contract.columns if column.role is role]
        few = f"1 column {verb}s" if len(names) == 1 else f"{len(names)} columns {verb}"
        lines.append(f"  {few} {target}{': ' if names else ''}{', '.join(names)}")
    return "\n".join(lines)
