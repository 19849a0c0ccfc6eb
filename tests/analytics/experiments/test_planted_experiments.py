"""The company's history: each planted experiment is found with its sign and in its segment, and none in pure noise.

The segments are the planted ones; beside the sums of the engine stand those of hand-written SQL.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import duckdb
import pandas as pd
import pytest

from analytics.experiments.comparison import KEYS
from analytics.experiments.effects import ArmEffects, arm_effects
from analytics.experiments.exposures import first_exposures, rate_counts
from analytics.experiments.rates import Rates
from analytics.experiments.sample_ratio import sample_ratio
from analytics.fetched import fetched
from analytics.goals.goal import Goal
from analytics.goals.outcomes import outcomes
from analytics.history import EVERYONE
from experiments.simulated_company.company_history import CompanyHistory, simulate_history
from experiments.simulated_company.planted_odds import ADD_ON, EXPERIMENTS, OUTCOME_DAYS

AS_OF = date(2026, 7, 1)
BY_HAND = f"""
SELECT experiment, arm, 'segment' AS grouping, planted_segment AS "group", count(*) AS n,
    count(*) FILTER (WHERE EXISTS (
    SELECT 1 FROM orders WHERE orders.account_id = exposed.customer_id AND product = '{ADD_ON}'
    AND ordered_at >= exposed_at AND ordered_at < exposed_at + INTERVAL {OUTCOME_DAYS} DAY)) AS reached
FROM exposed JOIN truth USING (customer_id) GROUP BY ALL
"""  # noqa: S608


@pytest.fixture(scope="module")
def histories() -> dict[bool, CompanyHistory]:
    """The company with planted effects, and that of pure noise."""
    return {noise: simulate_history(2_000, 3, AS_OF, 9, noise=noise) for noise in (False, True)}


def sums_of(history: CompanyHistory, engine: Any) -> pd.DataFrame:
    orders = pd.DataFrame(
        {
            "customer_id": history.orders.account_id,
            "ordered_at": history.orders.ordered_at.dt.tz_localize(None),
            "is_add_on": history.orders["product"] == ADD_ON,
        }
    )
    rows = engine.place(history.experiments.assign(exposed_at=history.experiments.exposed_at.dt.tz_localize(None)))
    firsts = fetched(first_exposures(rows), "firsts").merge(history.truth, on="customer_id")
    exposed = engine.place(firsts.rename(columns={"planted_segment": "segment"}))
    goal = Goal("add_on", "orders", within_days=OUTCOME_DAYS, meets="is_add_on")
    starts = exposed.select("customer_id", starts_at="exposed_at")
    decided = outcomes(goal, engine.place(orders), starts, datetime(AS_OF.year, AS_OF.month, AS_OF.day))
    return rate_counts(exposed, decided)


def judged_of(sums: pd.DataFrame) -> ArmEffects:
    return arm_effects(Rates(sums), "control", 10, "add_on")


@pytest.mark.parametrize("noise", [False, True])
def test_sums_are_those_of_hand_written_sql(noise: bool, histories: dict[bool, CompanyHistory], engine: Any) -> None:
    history = histories[noise]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, table in (("orders", history.orders), ("truth", history.truth), ("exposed", history.experiments)):
            connection.register(name, table)
        by_hand = connection.execute(BY_HAND).df().set_index(list(KEYS))[["n", "reached"]].sort_index()
    sums = sums_of(history, engine)
    own = sums[sums.index.get_level_values("group") != EVERYONE][["n", "reached"]]
    assert len(own) > 50
    pd.testing.assert_frame_equal(own, by_hand, check_dtype=False)


def test_each_planted_experiment_is_found(histories: dict[bool, CompanyHistory], engine: Any) -> None:
    judged = judged_of(sums_of(histories[False], engine))
    marks = judged.rows.set_index(["experiment", "group"]).mark
    best = judged.interactions.set_index("experiment").best
    for planted in EXPERIMENTS:
        own = marks[planted.name]
        assert best[planted.name] == planted.segment
        if planted.segment:
            assert own[planted.segment] == "above"
            assert set(own.drop([planted.segment, EVERYONE])) == {""}
        else:
            assert own[EVERYONE] == ("above" if planted.effect else "")


def test_pure_noise_raises_no_mark(histories: dict[bool, CompanyHistory], engine: Any) -> None:
    judged = judged_of(sums_of(histories[True], engine))
    assert set(judged.rows.experiment) == {planted.name for planted in EXPERIMENTS}
    assert set(judged.rows.mark) == {""}
    assert set(judged.interactions.best) == {""}


@pytest.mark.parametrize("noise", [False, True])
def test_only_the_experiment_whose_arms_were_drawn_otherwise_has_a_mismatch(
    noise: bool, histories: dict[bool, CompanyHistory]
) -> None:
    sizes = histories[noise].experiments.groupby(["experiment", "arm"]).customer_id.nunique()
    for planted in EXPERIMENTS:
        shares = {"treated": planted.asked, "control": 1 - planted.asked}
        ratio = sample_ratio({arm: int(sizes[planted.name, arm]) for arm in shares}, shares)
        assert ratio.is_mismatch == (planted.asked != planted.drawn and not noise)
