"""A sweep from a settings file: vectors, trials kept beside the file, MLflow, and the best settings as a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import yaml

from jobs.customer_vectors import described, vectors_of
from jobs.registry_location import location_of
from registry.connection import RegistryLocation
from registry.orphans.killed_runs import end_killed_runs
from registry.runs.sweep_runs import SweepRecord, TrialRecord, log_sweep
from segment_model.errors import SettingsError, UnreachableError
from training.discovery.discovery import Discovery, discover
from training.outbox.file_lock import exclusive_lock
from training.settings import Settings, parse_settings
from training.sweep_settings import SweepSettings
from training.tuning.figures import Yardstick
from training.tuning.optuna_study import finished_trials, open_study, reported_storage_errors
from training.tuning.search_space import changed, changed_content, check_columns, check_space
from training.tuning.sweep import Progress, Sweep, Trial, key_of, run_trials, sweep_of

OF_VECTORS = {"as_of", "sources", "features"}
NOT_OF_A_TRIAL = {"registry", "sweep", "title"}
VECTORS_KEPT = 4
SHOWN = 10
EXAMPLE = "sweep: {space: {discovery.encoding.transform: [auto, none]}, trials: 20}"

Announce = Callable[[str], None]
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class SweepOutcome:
    """A sweep and where it is: how many trials were there before, and its MLflow run, None where nobody answered."""

    sweep: Sweep
    before: int
    run_id: str | None


def run_sweep(
    settings: Settings, config: Path, trials: int | None, announce: Announce, progress: Progress
) -> SweepOutcome:
    """Begin or continue the sweep of a settings file. It registers nothing.

    The trials are kept beside the file; the same settings, space and data continue them, anything else begins a sweep
    of its own in the same place. Vectors are made once, and again only for trials that sweep what makes them.

    Raises
    ------
    SettingsError
        If there is no `sweep` block, a path or value in it is not valid, or another process sweeps this file now.
    SegmentsError
        If the tables cannot be read.
    """
    if settings.sweep is None:
        raise SettingsError(f"the settings say nothing to sweep; add a block such as {EXAMPLE}")
    wanted = settings.sweep if trials is None else settings.sweep.model_copy(update={"trials": trials})
    check_space(settings, wanted.space)
    with exclusive_lock(lock_file(config), f"another process sweeps {config.name} now: wait for it, or end it"):
        return _sweep_alone(settings, config, wanted, announce, progress)


def _sweep_alone(
    settings: Settings, config: Path, wanted: SweepSettings, announce: Announce, progress: Progress
) -> SweepOutcome:
    announce("reading the tables and making one vector a customer")
    vectors_by = lru_cache(maxsize=VECTORS_KEPT)(
        lambda text: vectors_of(parse_settings(json.loads(text)), config.parent)
    )
    vectors = vectors_by(_of_vectors(settings))
    announce(described(vectors))
    check_columns(wanted.space, vectors.contract)
    yardstick = Yardstick.of(vectors.frame, vectors.contract, settings.discovery)
    key = key_of(settings.model_dump(mode="json", exclude=NOT_OF_A_TRIAL), wanted, vectors.digest)
    file = trials_file(config)
    study = open_study(file, key)
    log = _Log(location_of(settings, config.parent), settings, wanted, key, announce)
    with reported_storage_errors(f"the trials in {file} cannot be read"):
        before = len(finished_trials(study))
    if before:
        announce(f"{before} trials are there already; going on from them")

    def attempt(values: Mapping[str, Any]) -> Discovery:
        tried = changed(settings, values)
        made = vectors_by(_of_vectors(tried))
        return discover(made.frame, made.contract, tried.discovery, {})

    log.begin()
    try:
        done = run_trials(study, wanted, attempt, yardstick, progress, log.running)
    except BaseException:
        log.stopped(sweep_of(study, wanted))
        raise
    return SweepOutcome(done, before, log.ended(done))


def trials_file(config: Path) -> Path:
    """Where the trials are: beside the settings file."""
    return config.with_name(f"{config.stem}.sweep.db")


def lock_file(config: Path) -> Path:
    """What the one process that sweeps a settings file holds: two would try the same settings twice."""
    return config.with_name(f"{config.stem}.sweep.lock")


def best_file(config: Path) -> Path:
    """Where the best settings are written: beside the settings file, from whose folder their paths count."""
    return config.with_name(f"{config.stem}.best.yaml")


def best_settings(content: Mapping[str, Any], settings: Settings, best: Trial) -> str:
    """The whole settings file of the best trial, without its `sweep` block."""
    kept = {name: block for name, block in content.items() if name != "sweep"}
    return _yaml(changed_content(kept, settings, best.values))


def snippet(settings: Settings, best: Trial) -> str:
    """What the best trial changes, as YAML."""
    return _yaml(changed_content({}, settings, best.values))


def best_table(done: Sweep, most: int | None = SHOWN) -> pd.DataFrame:
    """The best trials, best first, in text; `most` None: all that made a model."""
    rows = []
    for trial in done.ranked[:most]:
        figures = trial.figures
        known = {"trial": str(trial.number), done.objective: f"{figures[done.objective]:.3f}"}
        shown = {name: f"{figures[name]:.3f}" for name in ("silhouette", "recovered") if name != done.objective}
        values = {path.removeprefix("discovery."): _short(value) for path, value in trial.values.items()}
        rows.append({**known, "verdict": trial.verdict, "chosen": trial.chosen, **shown, **values})
    return pd.DataFrame(rows, dtype=str)


class _Log:
    """Keeps MLflow up to date while it answers; the trials themselves are in their file, whoever answers."""

    def __init__(
        self, location: RegistryLocation, settings: Settings, wanted: SweepSettings, key: str, announce: Announce
    ) -> None:
        self.location, self.settings, self.wanted, self.key = location, settings, wanted, key
        self.announce = announce
        self.answers = True

    def begin(self) -> None:
        self._while_it_answers(lambda: end_killed_runs(self.location))

    def running(self, now: Sweep) -> None:
        if not now.finished:
            self._send(now, "RUNNING")

    def stopped(self, now: Sweep) -> None:
        self._send(now, "KILLED")

    def ended(self, now: Sweep) -> str | None:
        return self._send(now, "FINISHED" if now.finished else "KILLED")

    def _send(self, now: Sweep, status: str) -> str | None:
        return self._while_it_answers(lambda: log_sweep(self.location, self._record(now, status)))

    def _while_it_answers(self, ask: Callable[[], Answer]) -> Answer | None:
        if not self.answers:
            return None
        try:
            return ask()
        except UnreachableError as error:
            self.answers = False
            self.announce(f"{error}. The sweep goes on without it; the same command sends the trials later")
            return None

    def _record(self, now: Sweep, status: str) -> SweepRecord:
        space = self.wanted.model_dump(mode="json")["space"]
        made = bool(now.ranked)
        return SweepRecord(
            key=self.key,
            name=f"sweep of {self.settings.title or self.settings.registry.model_name}",
            params={
                "objective": self.wanted.objective,
                "seed": self.wanted.seed,
                **{f"space.{p}": v for p, v in space.items()},
            },
            trials=tuple(_record_of(trial) for trial in now.trials),
            status=status,
            metrics={
                "trials": float(len(now.trials)),
                "refused": float(len(now.trials) - len(now.ranked)),
                **({f"best_{name}": value for name, value in now.best.figures.items()} if made else {}),
            },
            tags={"best_trial": str(now.best.number)} if made else {},
            tables={"trials": best_table(now, None)} if made else {},
            texts={"best.yaml": snippet(self.settings, now.best)} if made else {},
        )


def _record_of(trial: Trial) -> TrialRecord:
    told = {"verdict": trial.verdict, "chosen": trial.chosen, "refused": trial.refused[:5000]}
    return TrialRecord(trial.number, trial.values, trial.figures, {name: text for name, text in told.items() if text})


def _of_vectors(settings: Settings) -> str:
    return settings.model_dump_json(include=OF_VECTORS)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False).strip('"')


def _yaml(content: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)
    return text
