"""The sweep of a settings file: its trials are kept beside the file and logged to MLflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jobs.customer_vectors import describe_vectors, vectors_of
from jobs.registry_location import location_of
from jobs.sweep.sweep_files import lock_file, trials_file
from jobs.sweep.sweep_log import SweepLog
from segment_model.errors import SettingsError, counted
from segment_model.storage.file_lock import exclusive_lock
from training.discovery.discovery import Discovery, discover
from training.progress import Announce, Progress
from training.settings import Settings, parse_settings
from training.sweep_settings import SweepSettings
from training.tuning.figures import Yardstick
from training.tuning.optuna_study import finished_trials, open_study, reported_storage_errors
from training.tuning.search_space import changed, check_columns, check_space
from training.tuning.sweep import Sweep, key_of, run_trials, sweep_of

OF_VECTORS = {"as_of", "sources", "features"}
NOT_OF_A_TRIAL = {"analytics", "registry", "sweep", "title"}
VECTORS_KEPT = 4
EXAMPLE = "sweep: {space: {discovery.encoding.transform: [auto, none]}, trials: 20}"


@dataclass(frozen=True)
class SweepOutcome:
    """A sweep, how many of its trials were done before, and its MLflow run; None where the server did not answer."""

    sweep: Sweep
    before: int
    run_id: str | None


def run_sweep(
    settings: Settings, config: Path, trials: int | None, announce: Announce, progress: Progress
) -> SweepOutcome:
    """Begin or continue the sweep of a settings file. It registers nothing.

    The trials are kept beside the file. The same settings, search space and data continue a sweep; others begin a new
    one in the same trials file. Vectors are made once, unless the sweep varies settings of the vectors themselves.

    Raises
    ------
    SettingsError
        If there is no `sweep` block, a path or value in it is not valid, or another process sweeps this file now.
    SegmentsError
        If the tables cannot be read.
    """
    if settings.sweep is None:
        raise SettingsError(f"the settings have no block `sweep`; add one such as {EXAMPLE}")
    wanted = settings.sweep if trials is None else settings.sweep.model_copy(update={"trials": trials})
    check_space(settings, wanted.space)
    with exclusive_lock(lock_file(config), f"another process sweeps {config.name} now: wait for it, or end it"):
        return _sweep_under_lock(settings, config, wanted, announce, progress)


def _sweep_under_lock(
    settings: Settings, config: Path, wanted: SweepSettings, announce: Announce, progress: Progress
) -> SweepOutcome:
    announce("reading the tables and making one vector a customer")
    vectors_by = lru_cache(maxsize=VECTORS_KEPT)(
        lambda text: vectors_of(parse_settings(json.loads(text)), config.parent)
    )
    vectors = vectors_by(_of_vectors(settings))
    announce(describe_vectors(vectors, settings.discovery))
    check_columns(wanted.space, vectors.contract)
    yardstick = Yardstick.of(vectors.frame, vectors.contract, settings.discovery)
    key = key_of(settings.model_dump(mode="json", exclude=NOT_OF_A_TRIAL), wanted, vectors.digest)
    file = trials_file(config)
    study = open_study(file, key)
    log = SweepLog(location_of(settings, config.parent), settings, wanted, key, announce)
    with reported_storage_errors(f"the trials in {file} cannot be read"):
        before = len(finished_trials(study))
    if before:
        announce(f"{counted(before, 'trial is', 'trials are')} there already; going on from there")

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


def _of_vectors(settings: Settings) -> str:
    return settings.model_dump_json(include=OF_VECTORS)
