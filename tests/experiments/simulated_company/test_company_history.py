"""Every planted statement of the company's history stands in its tables, counted by hand-written SQL."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, chi2_contingency

from experiments.simulated_company.company_history import CompanyHistory, simulate_history, write_history
from experiments.simulated_company.planted_odds import (
    CHURN,
    EXPERIMENTS,
    NOISE_CHURN,
    NOISE_UPGRADE,
    UPGRADE,
    PlantedOdds,
)
from experiments.simulated_company.planted_segments import PLANTED
from segment_model.errors import SettingsError
from training.settings import read_settings

AS_OF = date(2026, 7, 1)
TABLES = [field.name for field in fields(CompanyHistory) if field.name != "month_ends"]
CHANCE = 3.5  # standard errors: the statements together stay within
# what a customer is at each month end, from the raw tables: the features of the conditions, and who upgrades or leaves
STATES = """
WITH ends AS (
    SELECT as_of, as_of + INTERVAL 1 MONTH AS next FROM
        (SELECT unnest(generate_series(TIMESTAMP '2025-01-01', TIMESTAMP '2026-06-01', INTERVAL 1 MONTH)) AS as_of)
), running AS (
    SELECT ends.*, terms.* FROM ends JOIN terms
    ON NOT is_trial AND started_at < as_of AND (ended_at IS NULL OR ended_at >= as_of)
)
SELECT running.account_id, as_of, plan, mrr_usd, seats_used / seats_allowed AS seat_use,
    date_diff('day', (SELECT max(occurred_at) FROM events
        WHERE events.account_id = running.account_id AND occurred_at < as_of), as_of) AS days_since_last_event,
    date_diff('day', (SELECT min(started_at) FROM terms AS firsts
        WHERE firsts.account_id = running.account_id), as_of) AS subscription_tenure_days,
    coalesce(ended_at < next, FALSE) AND NOT EXISTS (SELECT 1 FROM terms AS later
        WHERE later.account_id = running.account_id AND later.started_at = running.ended_at) AS left_us,
    EXISTS (SELECT 1 FROM terms AS later WHERE later.account_id = running.account_id
        AND later.started_at = running.ended_at AND later.started_at < next
        AND later.mrr_usd > running.mrr_usd) AS upgraded
FROM running
"""


@pytest.fixture(scope="module")
def history() -> CompanyHistory:
    return simulate_history(2000, 3, AS_OF)


@pytest.fixture(scope="module")
def noise() -> CompanyHistory:
    return simulate_history(1500, 3, AS_OF, noise=True)


def engine(history: CompanyHistory) -> duckdb.DuckDBPyConnection:
    """The tables of the company, by their names."""
    connection = duckdb.connect()
    for name in TABLES:
        connection.register(name, getattr(history, name))
    return connection


def asked(connection: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    frame: pd.DataFrame = connection.execute(sql).df()
    return frame


@pytest.fixture(scope="module")
def states(history: CompanyHistory) -> pd.DataFrame:
    return asked(engine(history), STATES)


def rate(rows: pd.DataFrame, condition: str, what: str) -> tuple[float, float, int, int]:
    """The rate of those whom the condition names and of the rest, and how many they are."""
    sql = "SELECT {} AS named, avg({}::int), count(*) FROM rows GROUP BY named ORDER BY named DESC"
    connection = duckdb.connect()
    connection.register("rows", rows)
    (_, named, n), (_, rest, m) = connection.execute(sql.format(condition, what)).fetchall()
    return named, rest, n, m


def near(share: float, planted: float, n: int) -> bool:
    return bool(abs(share - planted) <= CHANCE * np.sqrt(planted * (1 - planted) / n))


@pytest.mark.parametrize(("odds", "what"), [(CHURN, "left_us"), (UPGRADE, "upgraded")])
def test_a_condition_multiplies_the_chance_as_planted(odds: PlantedOdds, what: str, states: pd.DataFrame) -> None:
    named, rest, n, m = rate(states, odds.condition, what)
    assert n > 1000
    assert near(named, odds.chance * odds.factor, n)
    assert near(rest, odds.chance, m)


def test_the_truth_beside_the_tables_is_that_of_the_conditions(history: CompanyHistory, states: pd.DataFrame) -> None:
    """To the customer and month: who meets a condition has the planted chance times the factor."""
    connection = engine(history)
    connection.register("states", states)
    sql = """SELECT {} AS leaves, {} AS grows, churn, upgrade, count(*) FROM states JOIN chances
        ON states.account_id = chances.customer_id AND states.as_of = chances.as_of GROUP BY ALL"""
    rows = connection.execute(sql.format(CHURN.condition, UPGRADE.condition)).fetchall()
    assert sum(count for *_, count in rows) == len(states)
    for leaves, grows, churn, upgrade, _ in rows:
        assert churn == CHURN.chance * (CHURN.factor if leaves else 1)
        assert upgrade == UPGRADE.chance * (UPGRADE.factor if grows else 1)
    assert len(history.chances) == len(states)


def test_the_ratio_is_the_same_in_every_segment(history: CompanyHistory, states: pd.DataFrame) -> None:
    segment = history.truth.set_index("customer_id")["planted_segment"]
    for planted in PLANTED:
        own = states[(states["account_id"].map(segment) == planted.name).to_numpy()]
        _, rest, _, m = rate(own, CHURN.condition, "left_us")
        assert near(rest, CHURN.chance, m), planted.name


def outcomes(history: CompanyHistory) -> pd.DataFrame:
    sql = """SELECT experiment, arm, planted_segment, EXISTS (
            SELECT 1 FROM orders WHERE orders.account_id = experiments.customer_id AND product = 'add-on'
            AND ordered_at >= exposed_at AND ordered_at < exposed_at + INTERVAL 28 DAY) AS bought
        FROM experiments JOIN truth USING (customer_id)"""
    return asked(engine(history), sql)


def test_experiments_have_the_planted_effects(history: CompanyHistory) -> None:
    rows = outcomes(history)
    for experiment in EXPERIMENTS:
        own = rows[rows["experiment"] == experiment.name]
        within = own["planted_segment"].eq(experiment.segment) if experiment.segment else own["arm"].notna()
        for named, treated in ((True, experiment.treated), (False, experiment.control)):
            for arm, chance in (("treated", treated), ("control", experiment.control)):
                bought = own.loc[(within == named) & (own["arm"] == arm), "bought"]
                assert bought.empty or near(bought.mean(), chance, len(bought)), (experiment.name, arm, named)


def test_a_planted_effect_has_power_enough(history: CompanyHistory) -> None:
    """At least 5 standard errors, so that a mark at 2.7 (8 segments looked at) is missed in 1 of 100."""
    rows = outcomes(history)
    for experiment in EXPERIMENTS[:2]:
        own = rows[rows["experiment"] == experiment.name]
        own = own[own["planted_segment"] == experiment.segment] if experiment.segment else own
        n = own["arm"].value_counts()
        variance = sum(
            chance * (1 - chance) / n[arm]
            for arm, chance in (("control", experiment.control), ("treated", experiment.treated))
        )
        assert experiment.effect / np.sqrt(variance) > 5, experiment.name


def test_experiments_do_not_overlap_and_expose_each_customer_once(history: CompanyHistory) -> None:
    rows = history.experiments
    assert not rows.duplicated(["customer_id", "experiment"]).any()
    days = rows.groupby("experiment")["exposed_at"].agg(["min", "max"])
    assert (days["max"] - days["min"] < pd.Timedelta(days=1)).all()
    assert days["min"].sort_values().diff().dropna().min() > pd.Timedelta(days=27)
    assert list(days.sort_values("min").index) == [experiment.name for experiment in EXPERIMENTS]


def test_arms_are_as_asked_but_for_the_planted_mismatch(history: CompanyHistory, noise: CompanyHistory) -> None:
    for company in (history, noise):
        counts = pd.crosstab(company.experiments["experiment"], company.experiments["arm"])
        for experiment in EXPERIMENTS:
            treated, control = (int(counts[arm][experiment.name]) for arm in ("treated", "control"))
            surprise = binomtest(treated, treated + control, experiment.asked).pvalue
            mismatch = company is history and experiment.drawn != experiment.asked
            assert surprise < 1e-4 if mismatch else surprise > 1e-3, experiment.name


def test_attributes_depend_on_nothing_that_happens(history: CompanyHistory, states: pd.DataFrame) -> None:
    known = states.merge(history.customers, on="account_id")
    for name in ("contact_role", "contact_device", "contact_age"):
        assert chi2_contingency(pd.crosstab(known[name], known["left_us"])).pvalue > 1e-3, name
    assert 0.2 < history.customers["contact_age"].isna().mean() < 0.4
    assert 0.6 < history.customers["survey_nps"].isna().mean() < 0.72


def test_pure_noise_has_the_same_tables_and_no_relation(history: CompanyHistory, noise: CompanyHistory) -> None:
    for name in TABLES:
        assert list(getattr(noise, name).columns) == list(getattr(history, name).columns)
    states = asked(engine(noise), STATES)
    for odds, what, chance in ((CHURN, "left_us", NOISE_CHURN), (UPGRADE, "upgraded", NOISE_UPGRADE)):
        named, rest, n, m = rate(states, odds.condition, what)
        assert near(named, chance, n)
        assert near(rest, chance, m)
    rows = outcomes(noise)
    for _, own in rows.groupby("experiment"):
        assert near(own["bought"].mean(), 0.1, len(own))
        assert chi2_contingency(pd.crosstab(own["arm"], own["bought"])).pvalue > 1e-3
        assert chi2_contingency(pd.crosstab(own["planted_segment"], own["bought"])).pvalue > 1e-3
    segment = noise.truth.set_index("customer_id")["planted_segment"]
    paid = states.drop_duplicates("account_id")
    medians = paid.groupby(paid["account_id"].map(segment))["mrr_usd"].median()
    assert medians.max() < 1.4 * medians.min()


def test_the_same_seed_gives_the_same_tables_and_another_does_not() -> None:
    first, again, other = (simulate_history(60, seed, AS_OF, 10) for seed in (1, 1, 2))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(first, name), check_exact=True)
        assert not getattr(other, name).equals(getattr(first, name))


@pytest.mark.parametrize("customers", [1, 2, 40])
def test_small_companies_are_whole_and_consistent(customers: int) -> None:
    small = simulate_history(customers, 5, date(2024, 3, 1), 9)
    first = small.terms.groupby("account_id")["started_at"].min()
    accounts = small.customers.set_index("account_id")["signed_up_at"]
    assert accounts.index.is_unique
    assert len(accounts) == customers
    assert (accounts == first.reindex(accounts.index)).all()
    assert (small.terms["seats_used"] <= small.terms["seats_allowed"]).all()
    assert (small.events["occurred_at"] < pd.Timestamp(small.as_of)).all()
    assert (small.events["occurred_at"] >= small.events["account_id"].map(first)).all()
    assert small.orders["ordered_at"].max() < pd.Timestamp(small.as_of) or small.orders.empty
    assert small.orders.drop_duplicates(["account_id", "order_id"])["order_id"].is_unique
    assert set(small.experiments["customer_id"]) <= set(accounts.index)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, AS_OF), "at least 1 customer"),
        ((5, -1, AS_OF), "a seed from 0, got 5 and -1"),
        ((5, 1, date(2026, 7, 2)), "first day of a month, got 2026-07-02"),
        ((5, 1, AS_OF, 8), "at least 9 months, got 8"),
    ],
)
def test_what_cannot_be_simulated_is_refused(arguments: tuple[int, int, date], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        simulate_history(*arguments)


def test_written_files_hold_the_tables_and_valid_settings(tmp_path: Path) -> None:
    small = simulate_history(30, 4, AS_OF, 9)
    written = write_history(small, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in written)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "experiments.parquet"), small.experiments)
    settings, text = read_settings(tmp_path / "segments.yaml")
    assert "truth" not in text.replace("whose truth we know", "")
    for source in ("customers", "subscriptions", "events", "orders"):
        assert (tmp_path / getattr(settings.sources, source).file).exists()
