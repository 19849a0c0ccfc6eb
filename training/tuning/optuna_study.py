"""The Optuna study of a sweep: trials are stored in a file, and proposals depend only on the seed and earlier trials.

Optuna does not store the state of its sampler. So each proposal has a sampler of its own, seeded by the sweep's seed
and the number of trials with an outcome, and it uses only these trials. Thus a sweep that is killed and continued tries
the same settings in the same order as an uninterrupted one. A trial that a killed process leaves unfinished is marked
as failed and does not count, and its settings are proposed again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from segment_model.errors import SettingsError
from segment_model.storage.sqlite_address import sqlite_address, without_driver
from training.sweep_settings import SweepRange
from training.tuning.search_space import Space, Values, combinations, count_of, every_combination, value_at

COUNTED = (TrialState.COMPLETE, TrialState.PRUNED)  # a pruned trial has an outcome: its settings made no model
VALUES = "values"


class FixedValues(BaseSampler):
    """Proposes fixed values."""

    def __init__(self, values: Values) -> None:
        self.values = values

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:  # noqa: ARG002
        return {}

    def sample_relative(
        self,
        study: Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
        search_space: dict[str, BaseDistribution],  # noqa: ARG002
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self,
        study: Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        setting = self.values[param_name]
        return _text(setting) if isinstance(param_distribution, CategoricalDistribution) else setting


def open_study(file: Path | None, name: str) -> Study:
    """Open or create the study of this name in a SQLite file; None keeps it in memory only.

    Raises
    ------
    SettingsError
        If the file cannot be used.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with reported_storage_errors(f"{file} cannot hold the trials of a sweep"):
            storage = None if file is None else sqlite_address(file)
            return optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
    except RuntimeError as error:  # another version of Optuna made its tables
        raise SettingsError(f"{file} cannot hold the trials of a sweep: {_first_line(error)}; move it away") from error


@contextmanager
def reported_storage_errors(failed: str = "the file of the trials cannot be used any more") -> Iterator[None]:
    """Turn an error of the trials' file, such as a full disk or a deleted file, into one sentence.

    Raises
    ------
    SettingsError
        With the database's reason.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
        # Optuna's own message names the failed commit and not its cause
        reason = _first_line(error.__cause__ or error)
        raise SettingsError(f"{failed}: {reason}; make room, or move it away to begin anew") from error


def unfinished(study: Study) -> list[FrozenTrial]:
    """Trials without an outcome, which a killed process left."""
    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.WAITING))


def finished_trials(study: Study) -> list[FrozenTrial]:
    """Trials with an outcome, in their order."""
    return study.get_trials(deepcopy=False, states=COUNTED)


def values_of(trial: FrozenTrial) -> dict[str, Any]:
    """The settings of a trial, by path."""
    values: dict[str, Any] = trial.user_attrs[VALUES]
    return values


def propose(study: Study, space: Space, trials: int, seed: int) -> tuple[optuna.Trial, dict[str, Any]]:
    """The next trial and its settings.

    A space with no more combinations than trials is enumerated in an order drawn by the seed. Any other is searched by
    tree-structured Parzen estimators (Bergstra et al. 2011), the first ten trials at random.
    """
    before = finished_trials(study)
    size = combinations(space)
    if size is not None and size <= trials:
        study.sampler = FixedValues(_next_combination(space, [values_of(trial) for trial in before], seed))
    else:
        # seeded by the position of the trial: a killed one is drawn again
        state = np.random.SeedSequence((seed, len(before))).generate_state(1)
        study.sampler = TPESampler(seed=int(state[0]))
    trial = study.ask()
    values = {path: _suggested(trial, path, variation) for path, variation in space.items()}
    trial.set_user_attr(VALUES, values)
    return trial, values


def same(left: Values, right: Values) -> bool:
    """Whether two trials have the same settings; True is not 1."""
    return _text(left) == _text(right)


def _next_combination(space: Space, tried: Sequence[Values], seed: int) -> Mapping[str, Any]:
    known = {_text(values) for values in tried}
    left = [values for values in _shuffled(space, seed) if _text(values) not in known]
    return left[0]


def _shuffled(space: Space, seed: int) -> list[dict[str, Any]]:
    every = list(every_combination(space))
    random.Random(seed).shuffle(every)  # noqa: S311  (an order, no secret)
    return every


def _suggested(trial: optuna.Trial, path: str, variation: tuple[Any, ...] | SweepRange) -> Any:
    if not isinstance(variation, SweepRange):
        # as text: Optuna keeps plain words and numbers only, and choices may be blocks
        return json.loads(trial.suggest_categorical(path, [_text(choice) for choice in variation]))
    low, log = variation.low, variation.log
    count = count_of(variation)
    if count is None:
        return trial.suggest_float(path, low, variation.high, log=log)
    step, high = variation.step or 1, value_at(variation, count - 1)
    if variation.whole:
        return trial.suggest_int(path, int(low), int(high), step=int(step), log=log)
    return value_at(variation, round((trial.suggest_float(path, low, high, step=step) - low) / step))


def _first_line(error: BaseException) -> str:
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return without_driver(line)


def _text(setting: Any) -> str:
    return json.dumps(setting, sort_keys=True, ensure_ascii=False)
