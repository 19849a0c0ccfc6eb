"""A sweep: discoveries under many settings, each judged alike, and which was best. It registers nothing."""

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

from features.customer_vector import digest
from segment_model.contract import VectorContract
from segment_model.errors import ContractError, DiscoveryError, SettingsError
from training.discovery.discovery import Discovery, discover
from training.settings import DiscoverySettings, parse_as
from training.sweep_settings import Objective, SweepSettings
from training.tuning.figures import Yardstick, figures
from training.tuning.optuna_study import counted, keeping, open_study, propose, same, unfinished, values_of
from training.tuning.search_space import Space, changed, check_columns, check_space, combinations

IN_MEMORY = "sweep"
MAY_CHANGE = {"trials", "minutes"}  # with more of them a sweep goes on as the same one

Discover = Callable[[Mapping[str, Any]], Discovery]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Trial:
    """One trial: its place in the sweep (from 0), the settings by path, and what came of them.

    figures : as `sweep_figures.figures`, empty where no model was made; `refused` then says why.
    """

    number: int
    values: Mapping[str, Any]
    figures: Mapping[str, float]
    verdict: str = ""
    chosen: str = ""
    refused: str = ""


@dataclass(frozen=True)
class Sweep:
    """A sweep so far; `wanted` is how many trials it shall have."""

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
            raise DiscoveryError(f"none of {len(self.trials)} trials made a model. Most often: {often}")
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
    file from which the same call continues, and in which another one begins beside it; None keeps the trials in memory.

    Raises
    ------
    SettingsError
        If a path or a value is not valid; then nothing was tried. If the file cannot be used.
    """
    asked = {"space": space, "trials": trials, "seed": seed, "objective": objective, "minutes": minutes}
    wanted = parse_as(SweepSettings, asked, "sweep")
    check_space(settings, wanted.space)
    check_columns(wanted.space, contract)
    yardstick = Yardstick.of(frame, contract, settings)
    told = [settings.model_dump(mode="json"), contract.to_json()]
    study = open_study(file, IN_MEMORY if file is None else key_of(told, wanted, digest(frame)))

    def attempt(values: Mapping[str, Any]) -> Discovery:
        return discover(frame, contract, changed(settings, values), {})

    return run_trials(study, wanted, attempt, yardstick, progress)


def key_of(told: Any, wanted: SweepSettings, data: str) -> str:
    """Names the sweep of these settings (plain values), space, seed, objective and data."""
    asked = wanted.model_dump(mode="json", exclude=MAY_CHANGE)
    return hashlib.sha256(json.dumps([told, asked, data], sort_keys=True).encode()).hexdigest()[:16]


@keeping()
def run_trials(
    study: Study,
    settings: SweepSettings,
    attempt: Discover,
    yardstick: Yardstick,
    progress: Progress | None = None,
    told: Callable[[Sweep], None] | None = None,
) -> Sweep:
    """Go on with a study until it has its trials or the time is over; `told` hears of the sweep after each trial."""
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
        if told:
            told(now)
    return now


def wanted_trials(space: Space, trials: int) -> int:
    """How many trials a sweep shall have: no more than the space holds."""
    size = combinations(space)
    return trials if size is None else min(trials, size)


@keeping()
def sweep_of(study: Study, settings: SweepSettings) -> Sweep:
    """What a study holds."""
    trials = tuple(_described(number, trial) for number, trial in enumerate(counted(study)))
    return Sweep(settings.objective, wanted_trials(settings.space, settings.trials), trials)


def _one_trial(study: Study, settings: SweepSettings, attempt: Discover, yardstick: Yardstick, wanted: int) -> None:
    trial, values = propose(study, settings.space, wanted, settings.seed)
    try:
        outcome = _known(study, values) or _comparable(_tried(attempt, values, yardstick), settings.objective)
        for name, value in outcome.items():
            trial.set_user_attr(name, value)
        if outcome["refused"]:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, outcome["figures"][settings.objective])
    except BaseException:
        study.tell(trial, state=TrialState.FAIL)
        raise


def _known(study: Study, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The outcome of the same settings tried before: it would be the same again."""
    for before in counted(study):
        if same(values_of(before), values):
            return {name: before.user_attrs[name] for name in ("figures", "verdict", "chosen", "refused")}
    return None


def _tried(attempt: Discover, values: Mapping[str, Any], yardstick: Yardstick) -> dict[str, Any]:
    """The outcome of a trial. Settings that make no model, or are not valid together, are an outcome too."""
    try:
        found = attempt(values)
    except (ContractError, DiscoveryError, SettingsError) as error:
        return {"figures": {}, "verdict": "", "chosen": "", "refused": str(error)}
    kind, name = str(found.verdict.kind), found.chosen.spec.name
    return {"figures": dict(figures(found, yardstick)), "verdict": kind, "chosen": name, "refused": ""}


def _comparable(outcome: dict[str, Any], objective: Objective) -> dict[str, Any]:
    """A model without the figure that is sought cannot be ranked, and Optuna would not count its trial: not ever."""
    if outcome["refused"] or math.isfinite(outcome["figures"].get(objective, math.nan)):
        return outcome
    return {**outcome, "figures": {}, "refused": f"its model has no {objective}"}


def _described(number: int, trial: FrozenTrial) -> Trial:
    told = trial.user_attrs
    return Trial(number, values_of(trial), told["figures"], told["verdict"], told["chosen"], told["refused"])
