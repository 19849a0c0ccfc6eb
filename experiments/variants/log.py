"""An experiment in MLflow: one run, and one nested run a variant; the newest run of an experiment is read back."""

from __future__ import annotations

import hashlib
import json

import pandas as pd

from experiments.variants.experiment_file import NumberedExperiment
from experiments.variants.judged_variant import JudgedVariant
from experiments.variants.run import ExperimentOutcome
from registry.connection import RegistryLocation
from registry.limits import TAG_LIMIT
from registry.runs.sweep_runs import SweepRecord, TrialRecord, log_sweep, logged_trials
from segment_model.errors import RegistryError

MLFLOW_EXPERIMENT = "segments-experiments"
EXPERIMENT, TABLE, VARIANT, VERDICT, REFUSED = "experiment", "table", "variant", "verdict", "refused"


def log_experiment(location: RegistryLocation, numbered: NumberedExperiment, outcome: ExperimentOutcome) -> str:
    """Log the variants of an experiment; returns the run's id. The same outcome is logged once.

    Raises
    ------
    RegistryError
        If the registry cannot be reached or refuses something.
    """
    table = outcome.table
    content = numbered.content.model_dump(mode="json", exclude={"result", "decision", "answered"})
    made_of = json.dumps([numbered.name, content, table.to_json(orient="records")], sort_keys=True)
    record = SweepRecord(
        key=hashlib.sha256(made_of.encode()).hexdigest()[:16],
        name=f"{numbered.name}: {numbered.content.question}"[:TAG_LIMIT],
        params={"question": numbered.content.question, "tables": ", ".join(dict.fromkeys(table["table"]))},
        trials=tuple(_record_of(place, row) for place, row in enumerate(outcome.rows)),
        status="FINISHED",
        tags={EXPERIMENT: numbered.name},
        tables={"variants": table},
        texts={"decision.txt": f"{numbered.content.result}\n\n{numbered.content.decision}\n"},
        source=f"segments experiment run {numbered.name}",
    )
    return log_sweep(location, record)


def logged_variants(location: RegistryLocation, experiment: str) -> list[JudgedVariant]:
    """The variants of the newest run of an experiment.

    Raises
    ------
    RegistryError
        If it was not run yet, or the registry does not answer.
    """
    trials = logged_trials(location, EXPERIMENT, experiment)
    if not trials:
        raise RegistryError(
            f"{location.shown} has no run of {experiment}; run it: segments experiment run {experiment}"
        )
    return [
        JudgedVariant(
            trial.params[TABLE],
            trial.params[VARIANT],
            {name: setting for name, setting in trial.params.items() if name not in (TABLE, VARIANT)},
            trial.tags.get(VERDICT, ""),
            {name: number for name, number in trial.metrics.items() if number is not None and not pd.isna(number)},
            trial.tags.get(REFUSED, ""),
        )
        for trial in trials
    ]


def _record_of(place: int, row: JudgedVariant) -> TrialRecord:
    tags = {VERDICT: row.verdict, REFUSED: row.refused[:TAG_LIMIT]}
    params = {TABLE: row.table, VARIANT: row.variant, **row.overrides}
    shown = {name: text for name, text in tags.items() if text}
    return TrialRecord(place, params, dict(row.figures), shown, f"{row.table}, {row.variant}")
