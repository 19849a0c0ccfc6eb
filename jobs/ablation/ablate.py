"""Which kinds of data matter: the ablation of the feature groups of a settings file, logged as one MLflow run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analytics.goals.goal import Goal
from features.vector_table import CustomerVectors
from jobs.ablation.goal_outcomes import GoalOutcome, explained, goal_outcomes
from jobs.ablation.shown_table import figured, shown_table
from jobs.customer_vectors import describe_vectors, vectors_of
from jobs.registry_location import location_of
from registry.connection import RegistryLocation
from registry.runs.finished_files import fetch_files
from registry.runs.sweep_runs import SweepRecord, finished_sweep, log_sweep
from reporting.content.ablation import FILE_NAME, AblationContent, ablation_from_json
from segment_model.errors import RegistryError, counted
from training.discovery.discovery import discover
from training.progress import Announce, Progress
from training.settings import Settings
from training.tuning.ablation import Fit, ablate, ablation_table
from training.tuning.goal_power import FEWEST, FEWEST_OF_EACH

NOT_OF_AN_ABLATION = {"analytics", "registry", "sweep", "title"}
DATA = "ablation.data"  # the tag that holds the digest of the vectors
TEXTS = ("fit", "groups", "verdict", "refused")


@dataclass(frozen=True)
class AblationOutcome:
    """The fits, their table, what was assumed in sentences, and the MLflow run; None where it is not logged."""

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
    known, unknown = goal_outcomes(settings, base, vectors.learned)
    fits = ablate(
        vectors.frame,
        vectors.contract,
        settings.discovery,
        lambda contract, chosen: discover(vectors.frame, contract, chosen, {}),
        lambda made: explained(made, known),
        progress,
    )
    table = ablation_table(fits)
    titles = {goal.name: goal.title for goal in (*(each.goal for each in known), *unknown)}
    names = {name: name for name in titles}
    with_figure = [each for each in known if figured(table, each.goal.name)]
    silent = [each.goal for each in known if not figured(table, each.goal.name)]
    content = _content(table, _footnotes(with_figure, silent, unknown, titles), titles)
    run_id = _logged(settings, base, vectors, table, content, announce)
    return AblationOutcome(fits, table, _footnotes(with_figure, silent, unknown, names), run_id)


def stored_ablation(location: RegistryLocation, data_digest: str) -> AblationContent | None:
    """The latest ablation of these data for the page; None where none was logged.

    Raises
    ------
    RegistryError
        If the registry does not answer.
    ArtefactError
        If the file of the ablation's run cannot be read.
    """
    run_id = finished_sweep(location, DATA, data_digest) if data_digest else ""
    stored = fetch_files(location, run_id, [FILE_NAME]).get(FILE_NAME)
    return None if stored is None else ablation_from_json(stored)


def _footnotes(
    known: Sequence[GoalOutcome], silent: Sequence[Goal], unknown: Sequence[Goal], called: Mapping[str, str]
) -> tuple[str, ...]:
    """What the figures of goals are, of how many customers each is, and which goals have none, and why.

    silent : goals that too few reach, or do not. unknown : those whose first window is not over. called : what each
    goal is called, by name.
    """
    without = [
        f"{', '.join(called[goal.name] for goal in silent)}: no figure, since each half of the customers needs "
        f"{FEWEST}, of whom {FEWEST_OF_EACH} reach the goal and {FEWEST_OF_EACH} do not"
    ] * bool(silent)
    without += [
        f"{called[goal.name]}: not known yet; no window of {counted(goal.within_days, 'day')} is over"
        for goal in unknown
    ]
    if not known:
        return tuple(without)
    customers = "; ".join(
        f"{called[each.goal.name]}: {counted(len(each.reached), 'customer')} from {each.starts_at:%Y-%m-%d} on"
        for each in known
    )
    return (
        "of goals, the area under the ROC curve: each half of the customers is predicted by the rates of segments in "
        "the other, and 0.5 is no better than chance; the segments were fitted on later data",
        customers,
        *without,
    )


def _logged(
    settings: Settings,
    base: Path,
    vectors: CustomerVectors,
    table: pd.DataFrame,
    content: AblationContent,
    announce: Announce,
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
        tags={DATA: vectors.digest},
        tables={"ablation": table},
        texts={FILE_NAME: content.to_json()},
        source="segments ablate",
    )
    try:
        return log_sweep(location_of(settings, base), record)
    except RegistryError as error:  # the fits took minutes: their table is shown all the same
        announce(f"{error}. The table is not logged; the same command logs it later")
        return None


def _content(table: pd.DataFrame, notes: tuple[str, ...], titles: Mapping[str, str]) -> AblationContent:
    """The table for the page, which calls goals by their titles, as its other sections do."""
    shown = shown_table(table, titles)
    rows = tuple(tuple(map(str, row)) for row in shown.itertuples(index=False))
    return AblationContent(tuple(map(str, shown.columns)), rows, notes)


def _path(fit: str) -> str:
    """The first name of a fit, in the characters that MLflow takes."""
    first = fit.partition(" = ")[0]
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-. ") else "_" for letter in first)
