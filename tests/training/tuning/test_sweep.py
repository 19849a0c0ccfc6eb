"""A sweep repeats itself, also when it was killed, judges all trials alike, and keeps refusals as outcomes."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.study import Study
from sklearn.metrics import silhouette_score

from segment_model.errors import DiscoveryError, SettingsError
from segments import Column, Kind, VectorContract
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings, EncodingSettings
from training.tuning import sweep as sweeping
from training.tuning.figures import Yardstick, _part, figures
from training.tuning.optuna_study import finished_trials, open_study, unfinished
from training.tuning.sweep import Sweep, Trial, sweep

CONTRACT = VectorContract((Column("spend", Kind.NUMBER, unit="USD"), Column("visits", Kind.COUNT)))
SETTINGS = DiscoverySettings(algorithms=(KMeansSettings(segments=2, starts=1),))
SPACE: dict[str, Any] = {
    "encoding.weights.visits": {"low": 0.5, "high": 2.0, "log": True},
    "encoding.transform": ["none", "auto"],
    "algorithms.kmeans.segments": {"low": 2, "high": 3},
}
TRIALS = 14  # more than the ten that are drawn at random


def two_groups(customers: int = 60) -> pd.DataFrame:
    generator = np.random.default_rng(5)
    group = np.arange(customers) % 2
    index = pd.Index([f"ü{number}" for number in range(customers)], dtype="str", name="customer_id")
    spend = np.exp(generator.normal(np.array([2.0, 6.0])[group], 0.3))
    return pd.DataFrame({"spend": spend, "visits": generator.poisson(np.array([3, 30])[group]).astype(float)}, index)


def quick(_: Any, values: Any, __: Any) -> dict[str, Any]:
    """In place of a discovery: an outcome that depends on the settings alone."""
    weight, segments = values["encoding.weights.visits"], values["algorithms.kmeans.segments"]
    refused = "too heavy" if weight > 1.8 else ""
    trust = 3 - (weight - 1.2) ** 2 - 0.3 * segments + 0.1 * (values["encoding.transform"] == "auto")
    return {"figures": {} if refused else {"trust": trust}, "verdict": "", "chosen": "", "refused": refused}


def quick_sweep(**change: Any) -> Sweep:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeping, "_tried", quick)
        return sweep(two_groups(), CONTRACT, SETTINGS, SPACE, **{"trials": TRIALS, "seed": 3, **change})


def only_study(file: Path) -> Study:
    (name,) = optuna.get_all_study_names(f"sqlite:///{file}")
    return open_study(file, name)


def test_a_sweep_has_its_trials_and_the_best_has_most() -> None:
    whole = sweep(two_groups(), CONTRACT, SETTINGS, SPACE, trials=3, seed=3)
    assert whole.finished
    assert [trial.number for trial in whole.trials] == [0, 1, 2]
    made = [trial for trial in whole.trials if not trial.refused]
    assert whole.best.figures["trust"] == max(trial.figures["trust"] for trial in made)
    assert all(0.5 <= trial.values["encoding.weights.visits"] <= 2 for trial in whole.trials)
    assert {trial.values["algorithms.kmeans.segments"] for trial in whole.trials} <= {2, 3}
    assert [trial.values for trial in whole.trials] == [trial.values for trial in quick_sweep().trials[:3]]


def test_another_seed_tries_other_settings() -> None:
    assert quick_sweep(seed=4).trials[:2] != quick_sweep().trials[:2]


def test_it_finds_its_way() -> None:
    """Better than the random start on average, after it."""
    outcome = quick_sweep(trials=40)
    scores = [trial.figures.get("trust", 0.0) for trial in outcome.trials]
    assert np.mean(scores[20:]) > np.mean(scores[:10]) + 0.2
    assert outcome.best.values["algorithms.kmeans.segments"] == 2
    assert outcome.best.values["encoding.transform"] == "auto"
    assert outcome.best.values["encoding.weights.visits"] == pytest.approx(1.2, abs=0.15)


def test_killed_and_continued_is_the_same_as_never_killed(tmp_path: Path) -> None:
    """Killed by the system in the middle of the twelfth trial, past the random start."""
    code = f"""
import os, signal, sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[3])]!r}
import test_sweep as here
from pathlib import Path
real, calls = here.quick, []
def killed(*arguments):
    calls.append(1)
    if len(calls) == 12:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
here.quick = killed
here.quick_sweep(file=Path("s.db"))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    study = only_study(tmp_path / "s.db")
    assert (len(finished_trials(study)), len(unfinished(study))) == (11, 1)

    whole = quick_sweep()
    assert len({str(trial.values) for trial in whole.trials}) == TRIALS
    heard: list[tuple[int, int]] = []
    again = quick_sweep(file=tmp_path / "s.db", progress=lambda number, total, _: heard.append((number, total)))
    assert heard == [(number, TRIALS) for number in range(11, TRIALS)]
    assert again == whole
    assert quick_sweep(file=tmp_path / "s.db") == whole
    assert quick_sweep(file=tmp_path / "s.db", trials=TRIALS + 1).trials[:TRIALS] == whole.trials


def test_a_small_space_is_gone_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def counting(*arguments: Any) -> Any:
        tried.append(1)
        return discover(*arguments)

    monkeypatch.setattr(sweeping, "discover", counting)
    space = {"encoding.scale": [True, False], "algorithms.kmeans.segments": [2, 3]}
    outcome = sweep(two_groups(), CONTRACT, SETTINGS, space, trials=50)
    assert outcome.finished
    assert len(outcome.trials) == len(tried) == 4
    assert len({str(trial.values) for trial in outcome.trials}) == 4


def test_the_same_settings_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer trials than combinations: the sampler may propose one again, and it costs nothing."""
    tried: list[str] = []

    def counting(frame: pd.DataFrame, contract: VectorContract, settings: DiscoverySettings, *rest: Any) -> Any:
        tried.append(settings.model_dump_json())
        raise DiscoveryError("nothing")

    monkeypatch.setattr(sweeping, "discover", counting)
    outcome = sweep(two_groups(), CONTRACT, SETTINGS, {"seed": list(range(30))}, trials=29)
    assert len(outcome.trials) == 29
    assert len(tried) == len(set(tried)) == len({trial.values["seed"] for trial in outcome.trials})


def test_settings_that_make_no_model_are_outcomes() -> None:
    space = {"max_segments": [2, 9], "min_segments": [2, 5], "algorithms.kmeans.segments": [2]}
    outcome = sweep(two_groups(), CONTRACT, SETTINGS, space)
    by = {(trial.values["min_segments"], trial.values["max_segments"]): trial for trial in outcome.trials}
    assert "min_segments (5) is more than max_segments (2)" in by[5, 2].refused
    assert "2 segments, allowed are 5 to 9" in by[5, 9].refused
    assert by[2, 2].refused == by[2, 9].refused == ""
    assert len(outcome.ranked) == 2
    nothing = replace(outcome, trials=(by[5, 2], by[5, 9]))
    with pytest.raises(DiscoveryError, match=r"none of 2 trials made a model\. Most often: "):
        _ = nothing.best


@pytest.mark.parametrize("without", [{}, {"trust": float("nan")}, {"trust": float("inf")}])
def test_a_model_without_the_figure_that_is_sought_is_an_outcome(
    without: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Optuna fails a trial whose value is not a number; failed ones count for nothing, and would be tried for ever."""
    monkeypatch.setattr(sweeping, "figures", lambda *_: {"silhouette": 0.5, **without})
    outcome = sweep(two_groups(), CONTRACT, SETTINGS, {"encoding.scale": [True, False]})
    assert [trial.refused for trial in outcome.trials] == ["its model has no trust"] * 2
    assert outcome.ranked == ()


def test_steps_of_a_tenth_are_tried_without_a_murmur() -> None:
    """Optuna warns of 0.30000000000000004, and a warning is an error here."""
    space = {**SPACE, "encoding.weights.visits": {"low": 0.1, "high": 0.7, "step": 0.1}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeping, "_tried", quick)
        for trials in (12, 28):  # searched; and all that there are
            outcome = sweep(two_groups(), CONTRACT, SETTINGS, space, trials=trials)
            tried = {trial.values["encoding.weights.visits"] for trial in outcome.trials}
            assert tried <= {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7}
    assert len({str(trial.values) for trial in outcome.trials}) == 28
    assert len(tried) == 7


def test_the_time_limit_starts_no_further_trial() -> None:
    outcome = sweep(two_groups(), CONTRACT, SETTINGS, SPACE, trials=3, minutes=1e-9)
    assert (outcome.trials, outcome.finished) == ((), False)


def test_an_interrupt_counts_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeping, "discover", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sweep(two_groups(), CONTRACT, SETTINGS, SPACE, trials=3, file=tmp_path / "s.db")
    study = only_study(tmp_path / "s.db")
    assert (finished_trials(study), unfinished(study)) == ([], [])


@pytest.mark.parametrize("change", [{"trials": 0}, {"objective": "beauty"}, {"space": {"encoding.scal": [True]}}])
def test_nothing_is_tried_where_anything_is_wrong(change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "discover", lambda *_: pytest.fail("it was tried"))
    with pytest.raises(SettingsError):
        sweep(two_groups(), CONTRACT, SETTINGS, **{"space": SPACE, **change})


def test_another_sweep_in_the_same_file_stands_beside_the_first(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    first = quick_sweep(file=file, trials=2)
    for change in ({"seed": 4}, {"objective": "silhouette", "trials": 1}):
        assert quick_sweep(file=file, **{"trials": 2, **change}) == quick_sweep(**{"trials": 2, **change})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeping, "_tried", quick)
        fewer = {**SPACE, "encoding.transform": ["none"]}
        other = sweep(two_groups(61), CONTRACT, SETTINGS, fewer, trials=2, seed=3, file=file)
        assert {trial.values["encoding.transform"] for trial in other.trials} == {"none"}
    assert quick_sweep(file=file, trials=2) == first
    assert len(optuna.get_all_study_names(f"sqlite:///{file}")) == 4


@pytest.mark.parametrize("content", [b"no database any more", b"", None])
def test_a_file_that_goes_while_it_is_used_is_one_sentence(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "s.db"

    def spoiling(*arguments: Any) -> Any:
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        return quick(*arguments)

    monkeypatch.setattr(sweeping, "_tried", spoiling)
    with pytest.raises(SettingsError, match=r"the file of the trials cannot be used any more: [^(]") as caught:
        sweep(two_groups(), CONTRACT, SETTINGS, SPACE, file=file)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "s.db").write_text("this is no database, but it is long enough to look like one" * 20)
    with pytest.raises(SettingsError, match="cannot hold the trials of a sweep"):
        sweep(two_groups(), CONTRACT, SETTINGS, SPACE, file=tmp_path / "s.db")


def test_all_trials_are_measured_in_one_space() -> None:
    """Unscaled spend looks best in its own space; in the space of the settings as they stand it does not."""
    frame = two_groups()
    frame["spend"] = np.random.default_rng(0).lognormal(5, 2, len(frame))
    base = DiscoverySettings(algorithms=(KMeansSettings(segments=2),), force=True, max_share=1.0, min_share=0)
    unscaled = base.model_copy(update={"encoding": EncodingSettings(transform="none", scale=False, clip_share=0)})
    yardstick = Yardstick.of(frame, CONTRACT, base)
    plain, other = (discover(frame, CONTRACT, settings, {}) for settings in (base, unscaled))
    assert figures(other, yardstick)["silhouette"] == pytest.approx(silhouette_score(plain.points, other.labels))
    spenders = (frame["spend"] > frame["spend"].quantile(0.95)).to_numpy().astype(np.intp)
    trap = replace(plain, candidates=(replace(plain.chosen, labels=spenders),), choice=replace(plain.choice, chosen=0))
    assert silhouette_score(other.points, spenders) > 0.7  # in its own space
    assert yardstick.silhouette(trap) < yardstick.silhouette(plain)


def test_customers_that_a_trial_leaves_out_count_as_unassigned() -> None:
    frame = two_groups()
    part = discover(frame.iloc[:40], CONTRACT, SETTINGS, {})
    yardstick = Yardstick.of(frame, CONTRACT, SETTINGS)
    inside = silhouette_score(yardstick.points[:40], part.labels)
    assert yardstick.silhouette(part) == pytest.approx(inside * 40 / 60)


def test_of_equal_trials_the_earlier_is_best() -> None:
    trials = tuple(Trial(number, {}, {"trust": trust}) for number, trust in enumerate([1.0, 2.0, 2.0]))
    assert Sweep("trust", 3, trials).best.number == 1


def test_on_a_continuum_a_finer_steady_division_is_trusted_more_whatever_its_quality() -> None:
    parts = [_part(quality, slices) for slices in (1, 2, 3, 7) for quality in (0.0, 1.0)]
    assert parts == sorted(parts)
    assert parts[1] == parts[2] == 0.5
    assert _part(0.4, None) == 0.4
