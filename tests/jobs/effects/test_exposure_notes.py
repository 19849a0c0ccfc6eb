"""Notes say which exposures count in no effect, and which experiments have none."""

from __future__ import annotations

from datetime import date

import pandas as pd

from analytics.experiments.record import ExperimentSummary
from analytics.experiments.sample_ratio import sample_ratio
from analytics.goals.goal import Goal, Outcome
from jobs.effects.exposure_notes import (
    exposures_left_out,
    mismatch_warning,
    reached_by_nobody,
    rows_left_out,
    without_effects,
)

DAY = date(2026, 5, 1)


def summary(name: str, **customers: int) -> ExperimentSummary:
    return ExperimentSummary(name, sample_ratio(customers, None), DAY, DAY)


def test_an_experiment_needs_control_and_another_arm() -> None:
    summaries = (summary("whole", control=50, mail=50), summary("other", kontrol=9, mail=8), summary("lone", control=7))
    assert without_effects(summaries, "control") == [
        "other has no arm 'control', but kontrol, mail, and so no effects. Did you mean 'kontrol'? Set "
        "sources.experiments.control",
        "lone has no arm but 'control', and so no effects",
    ]


def test_a_goal_that_nobody_reaches_after_an_exposure_is_named() -> None:
    """All its effects are 0, and so they are where the condition writes a value otherwise than the table."""
    nobody = pd.DataFrame({"n": [50.0, 60.0], "reached": [0.0, 0.0]})
    pro = Goal("went_pro", "subscriptions", meets="is pro", condition="plan = 'Pro'")
    assert reached_by_nobody(nobody, pro) == [
        "went pro: nobody reaches it after an exposure, in any arm; see whether subscriptions write the values of its "
        "condition so: plan = 'Pro'"
    ]
    assert reached_by_nobody(nobody, Goal("left", "subscriptions", Outcome.CHURNED)) == [
        "left: nobody reaches it after an exposure, in any arm"
    ]
    assert reached_by_nobody(nobody.assign(reached=[0.0, 1.0]), pro) == []
    assert reached_by_nobody(nobody.assign(n=0.0), pro) == []  # no window is over: another note says so


def test_a_mismatch_names_both_sizes_and_the_chance() -> None:
    lost = summary("lost", control=100, mail=20)
    assert lost.ratio.is_mismatch
    warning = mismatch_warning(lost)
    assert warning.startswith("SAMPLE RATIO MISMATCH in lost: control 100 customers where 60 were expected, mail 20 ")
    assert f"(p = {lost.ratio.p:.2g})" in warning


def test_what_is_left_out_is_counted_by_reason() -> None:
    assert rows_left_out({"rows": 5, "without_customer": 0}) == []
    assert rows_left_out({"rows": 1200, "without_customer": 2, "without_time": 1}) == [
        "of 1,200 rows of experiments are left out: 2 without customer, 1 without time"
    ]
    exposures = pd.DataFrame({"is_mixed": [False, False, True], "exposures": [1, 3, 2]})
    assert exposures_left_out(1, exposures) == [
        "1 row has no experiment or no arm, and is left out",
        "1 exposed customer came several times: the first exposure counts",
        "1 customer was exposed to several arms of one experiment, and counts in none",
    ]
    assert exposures_left_out(0, exposures.head(1)) == []
