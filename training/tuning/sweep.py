"""A sweep: discoveries under many settings, ranked by one figure. It registers nothing."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from features.vector_table import digest
from segment_model.contract import VectorContract
from segment_model.errors import ContractError, DiscoveryError, SettingsError, counted
from training.discovery.discovery import Discovery, discover
from training.progress import Progress
from training.settings import DiscoverySettings, parse_as
from training.sweep_settings import Objective, SweepSettings
from training.tuning.figures import Yardstick, figures
from training.tuning.optuna_study import (
    finished_trials,
    open_study,
    propose,
    reported_storage_errors,
    same,
    unfinished,
    values_of,
)
from training.tuning.search_space import Space, changed, check_columns, check_space, combinations

IN_MEMORY = "sweep"
MAY_CHANGE = {"trials", "minutes"}  # settings that may differ when the same sweep continues

Discover = Callable[[Mapping[str, Any]], Discovery]


@dataclass(frozen=True)
class Trial:
    """One trial: its place in the sweep (from 0), the settings by path, and their outcome.

    figures : as of `figures.figures`, empty without a model; `refused` then says why.
    """

    number: int
    values: Mapping[str, Any]
    figures: Mapping[str, float]
    verdict: str = ""
    chosen: str = ""
    refused: str = ""


@dataclass(frozen=True)
class Sweep:
    """A sweep so far; `wanted` is the number of trials it is to have."""

    objective: Objective
    wanted: int
    trials: tuple[Trial, ...]

    @property
    def finished(self) -> bool:
        """Whether no trial is left to do."""
        return len(self.trials) >= self.wanted

    @property
    def ranked(self) -> tuple[Trial, ...]:
        """The trials that made a model, best first; the earlier of equals."""
        made = [trial for trial in self.trials if not trial.refused]
        return tuple(sorted(made, key=lambda trial: -trial.figures[self.objective]))

    @property
    def best(self) -> Trial:
        """The best trial.

        Raises
        ------
        DiscoveryError
            If no trial made a model.
        """
        if not self.ranked:
            reasons = [trial.refused for trial in self.trials]
            often = max(reasons, key=reasons.count, default="none was tried")
            raise DiscoveryError(f"none of {counted(len(self.trials), 'trial')} made a model. Most often: {often}")
        return self.ranked[0]


def sweep(
    frame: pd.DataFrame,
    contract: VectorContract,
    settings: DiscoverySettings,
    space: Mapping[str, Any],
    *,
    trials: int = 30,
    seed: int = 0,
    objective: Objective = "trust",
    minutes: float | None = None,
    file: Path | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Sweep discovery settings on customer vectors.

    frame, contract, settings : as for `discover`. space : by dotted path inside the discovery settings
    (`encoding.transform`, `algorithms.kmeans.segments`) a list of choices or `{low, high, log, step}`. file : a SQLite
    file of trials; a later call with the same arguments continues them, and one with others begins a new sweep in the
    same file. None keeps the trials in memory.

    Raises
    ------
    SettingsError
        If a path or a value is not valid, before the first trial; or if the file cannot be used.
    """
    asked = {"space": space, "trials": trials, "seed": seed, "objective": objective, "minutes": minutes}
    wanted = parse_as(SweepSettings, asked, "sweep")
    check_space(settings, wanted.space)
    check_columns(wanted.space, contract)
    yardstick = Yardstick.of(frame, contract, settings)
    plain = [settings.model_dump(mode="json"), contract.to_json()]
    study = open_study(file, IN_MEMORY if file is None else key_of(plain, wanted, digest(frame)))

    def attempt(values: Mapping[str, Any]) -> Discovery:
        return discover(frame, contract, changed(settings, values), {})

    return run_trials(study, wanted, attempt, yardstick, progress)


def key_of(plain: Any, wanted: SweepSettings, vectors_digest: str) -> str:
    """The name of a sweep: a hash of its settings (plain values), space, seed, objective and vectors."""
    asked = wanted.model_dump(mode="json", exclude=MAY_CHANGE)
    return hashlib.sha256(json.dumps([plain, asked, vectors_digest], sort_keys=True).encode()).hexdigest()[:16]


@reported_storage_errors()
def run_trials(
    study: Study,
    settings: SweepSettings,
    attempt: Discover,
    yardstick: Yardstick,
    progress: Progress | None = None,
    report: Callable[[Sweep], None] | None = None,
) -> Sweep:
    """Continue a study until it has all its trials, or the time is over; `report` gets the sweep after each trial.

    Raises
    ------
    SettingsError
        If the file of the trials cannot be used.
    """
    for trial in unfinished(study):
        study.tell(trial.number, state=TrialState.FAIL)
    wanted = wanted_trials(settings.space, settings.trials)
    now = sweep_of(study, settings)
    end = None if settings.minutes is None else time.monotonic() + 60 * settings.minutes
    while not now.finished and (end is None or time.monotonic() < end):
        if progress:
            best = f"; best {settings.objective} {now.best.figures[settings.objective]:.3f}" if now.ranked else ""
            progress(len(now.trials), wanted, f"trial {len(now.trials)}{best}")
        _one_trial(study, settings, attempt, yardstick, wanted)
        now = sweep_of(study, settings)
        if report:
            report(now)
    return now


def wanted_trials(space: Space, trials: int) -> int:
    """The number of trials of a sweep: `trials`, or the number of combinations in the space if that is less."""
    size = combinations(space)
    return trials if size is None else min(trials, size)


@reported_storage_errors()
def sweep_of(study: Study, settings: SweepSettings) -> Sweep:
    """The sweep that a study holds."""
    trials = tuple(_trial_of(number, trial) for number, trial in enumerate(finished_trials(study)))
    return Sweep(settings.objective, wanted_trials(settings.space, settings.trials), trials)


def _one_trial(study: Study, settings: SweepSettings, attempt: Discover, yardstick: Yardstick, wanted: int) -> None:
    trial, values = propose(study, settings.space, wanted, settings.seed)
    try:
        outcome = _known(study, values) or _comparable(_tried(attempt, values, yardstick), settings.objective)
        for name in outcome:
            trial.set_user_attr(name, outcome[name])
        if outcome["refused"]:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, outcome["figures"][settings.objective])
    except BaseException:
        study.tell(trial, state=TrialState.FAIL)
        raise


def _known(study: Study, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The outcome of an earlier trial with the same settings, because a discovery is reproducible; None without one."""
    for before in finished_trials(study):
        if same(values_of(before), values):
            return {name: before.user_attrs[name] for name in ("figures", "verdict", "chosen", "refused")}
    return None


def _tried(attempt: Discover, values: Mapping[str, Any], yardstick: Yardstick) -> dict[str, Any]:
    """The outcome of a trial; for settings that make no model, or are not valid together, it says why."""
    try:
        discovery = attempt(values)
    except (ContractError, DiscoveryError, SettingsError) as error:
        return {"figures": {}, "verdict": "", "chosen": "", "refused": str(error)}
    kind, name = str(discovery.verdict.kind), discovery.chosen.spec.name
    return {"figures": dict(figures(discovery, yardstick)), "verdict": kind, "chosen": name, "refused": ""}


def _comparable(outcome: dict[str, Any], objective: Objective) -> dict[str, Any]:
    """The outcome, refused if the objective is missing, because Optuna counts no trial without a number."""
    if outcome["refused"] or math.isfinite(outcome["figures"].get(objective, math.nan)):
        return outcome
    return {**outcome, "figures": {}, "refused": f"its model has no {objective}"}


def _trial_of(number: int, trial: FrozenTrial) -> Trial:
    kept = trial.user_attrs
    return Trial(number, values_of(trial), kept["figures"], kept["verdict"], kept["chosen"], kept["refused"])
