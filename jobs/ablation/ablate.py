"""Which kinds of data matter: the ablation of the feature groups of a settings file, logged as one MLflow run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from features.vector_table import CustomerVectors
from jobs.ablation.goal_outcomes import GoalOutcome, explained, goal_outcomes
from jobs.customer_vectors import describe_vectors, vectors_of
from jobs.registry_location import location_of
from registry.runs.sweep_runs import SweepRecord, log_sweep
from segment_model.errors import UnreachableError, counted
from training.discovery.discovery import discover
from training.progress import Announce, Progress
from training.settings import Settings
from training.tuning.ablation import Fit, ablate, ablation_table

NOT_OF_AN_ABLATION = {"analytics", "registry", "sweep", "title"}
TEXTS = ("fit", "groups", "verdict", "refused")


@dataclass(frozen=True)
class AblationOutcome:
    """The fits, their table, what was assumed in sentences, and the MLflow run; None where the server is silent."""

    fits: tuple[Fit, ...]
    table: pd.DataFrame
    notes: tuple[str, ...]
    run_id: str | None


def run_ablation(settings: Settings, base: Path, announce: Announce, progress: Progress) -> AblationOutcome:
    """Fit without each feature group and with each alone. It registers and promotes nothing.

    base : the folder from which the settings' paths count.

    Raises
    ------
    SettingsError
        If all basis columns are of one group.
    SegmentsError
        If a table cannot be read, or no segments can be made with all groups.
    """
    announce("reading the tables and making one vector a customer")
    vectors = vectors_of(settings, base)
    announce(describe_vectors(vectors, settings.discovery))
    known, notes = goal_outcomes(settings, base, vectors.learned)
    fits = ablate(
        vectors.frame,
        vectors.contract,
        settings.discovery,
        lambda contract, chosen: discover(vectors.frame, contract, chosen, {}),
        lambda made: explained(made, known),
        progress,
    )
    table = ablation_table(fits)
    run_id = _logged(settings, base, vectors, table, announce)
    return AblationOutcome(fits, table, (*_footnotes(known), *notes), run_id)


def _footnotes(known: Sequence[GoalOutcome]) -> tuple[str, ...]:
    return tuple(
        f"{each.goal.name}: area under the ROC curve, of {counted(len(each.reached), 'customer')} from "
        f"{each.starts_at:%Y-%m-%d} on, each half foretold by the rates of segments in the other; 0.5 is no better "
        "than chance. The segments were fitted on later data"
        for each in known
    )


def _logged(
    settings: Settings, base: Path, vectors: CustomerVectors, table: pd.DataFrame, announce: Announce
) -> str | None:
    """Log the table and its figures as one run; the same settings and data are the same run."""
    plain = settings.model_dump(mode="json", exclude=NOT_OF_AN_ABLATION)
    made_of = json.dumps(["ablation", plain, vectors.digest], sort_keys=True)
    names = [name for name in table.columns if name not in TEXTS]
    record = SweepRecord(
        key=hashlib.sha256(made_of.encode()).hexdigest()[:16],
        name=f"ablation of {settings.title or settings.registry.model_name}",
        params={"groups": table["groups"].iloc[0]},
        trials=(),
        status="FINISHED",
        metrics={
            f"{name}/{_path(row['fit'])}": float(row[name])
            for row in table.to_dict(orient="records")
            for name in names
            if pd.notna(row[name])
        },
        tables={"ablation": table},
        source="segments ablate",
    )
    try:
        return log_sweep(location_of(settings, base), record)
    except UnreachableError as error:
        announce(f"{error}. The table is not logged; the same command logs it later")
        return None


def _path(fit: str) -> str:
    """The first name of a fit, in the characters that MLflow takes."""
    first = fit.partition(" = ")[0]
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-. ") else "_" for letter in first)
