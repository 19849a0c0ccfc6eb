"""Exposures and the outcomes that follow them, summed in the engine, beside sums of the raw rows by pandas."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.experiments.comparison import BY_SEGMENT, KEYS
from analytics.experiments.exposures import first_exposures, missing_names, money_rows, rate_counts
from analytics.experiments.means import Means
from analytics.fetched import fetched
from analytics.goals.goal import Goal
from analytics.goals.outcomes import outcomes
from analytics.groups import SEGMENT
from analytics.history import EVERYONE

UNTIL = datetime(2026, 7, 1)


def moments(*texts: str) -> pd.Series:
    return pd.to_datetime(pd.Series(texts), format="ISO8601").astype("datetime64[us]")


def test_the_first_exposure_counts_and_two_arms_exclude(engine: Any) -> None:
    rows = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "b", "a", "c", "d"],
            "experiment": ["may", "may", "may", "may", "june", None, "may"],
            "arm": ["mail", "mail", "mail", "control", "control", "mail", None],
            "exposed_at": moments(*(f"2026-05-0{day}" for day in (3, 2, 2, 4, 5, 6, 7))),
        }
    )
    table = engine.place(rows)
    firsts = fetched(first_exposures(table), "firsts").sort_values(["experiment", "customer_id"])
    assert firsts[["experiment", "customer_id", "exposures", "is_mixed"]].to_numpy().tolist() == [
        ["june", "a", 1, False],
        ["may", "a", 2, False],
        ["may", "b", 2, True],
    ]
    assert firsts.exposed_at.iloc[1] == pd.Timestamp("2026-05-02")
    assert firsts.arm.iloc[1] == "mail"
    assert missing_names(table) == 2


@pytest.fixture(scope="module")
def drawn() -> tuple[pd.DataFrame, pd.DataFrame]:
    """600 exposures of 400 customers in two experiments, and 3,000 orders, to the second."""
    generator = np.random.default_rng(11)

    def at(size: int) -> pd.Series:
        seconds = generator.integers(0, 180 * 86_400, size)
        return (pd.Timestamp("2026-01-01") + pd.to_timedelta(pd.Series(seconds), unit="s")).astype("datetime64[us]")

    exposed = pd.DataFrame(
        {
            "customer_id": [f"c{n}" for n in (*range(400), *range(200))],
            "experiment": ["may"] * 400 + ["june"] * 200,
            "arm": generator.choice(["control", "mail"], 600),
            "segment": generator.choice(["s1", "s2", "unassigned"], 600),
            "meets idle": generator.choice(["meets", "rest"], 600),
            "exposed_at": at(600),
        }
    )
    orders = pd.DataFrame(
        {
            "customer_id": [f"c{n}" for n in generator.integers(0, 450, 3_000)],
            "ordered_at": at(3_000),
            "cents": generator.integers(-50_000, 5_000_000, 3_000),
        }
    )
    return exposed, orders


def test_rates_and_money_are_those_of_the_rows(engine: Any, drawn: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    exposed, orders = drawn
    pairs = exposed.reset_index().merge(orders, on="customer_id")
    within = (pairs.ordered_at >= pairs.exposed_at) & (pairs.ordered_at < pairs.exposed_at + timedelta(days=40))
    by_row = pairs[within].groupby("index").cents.agg(["size", "sum"]).reindex(exposed.index, fill_value=0)
    complete = exposed.exposed_at + timedelta(days=40) <= UNTIL
    own = exposed.assign(
        reached=(by_row["size"] > 0) & complete, money=by_row["sum"] / 10_000 * complete, is_over=complete
    )
    table, rows = engine.place(exposed), engine.place(orders)
    decided = outcomes(
        Goal("order", "orders", within_days=40), rows, table.select("customer_id", starts_at="exposed_at"), UNTIL
    )
    columns = ((SEGMENT, "segment"), ("idle", "meets idle"))
    rates, money = rate_counts(table, decided, columns), money_rows(table, rows, 40, UNTIL, columns)
    customers = Means.of_rows(money, columns).customers
    groupings = {SEGMENT: own.segment, "idle": own["meets idle"], EVERYONE: pd.Series(EVERYONE, own.index)}
    parts = 0
    for grouping, groups in groupings.items():
        for (experiment, arm, group), part in own.groupby(["experiment", "arm", groups.rename("group")]):
            key = (str(experiment), str(arm), grouping, str(group))
            own_rates = rates.loc[[key]].iloc[0]
            assert own_rates.n == len(customers[key]) == part.is_over.sum()
            assert own_rates.reached == part.reached.sum()
            assert own_rates.incomplete == (~part.is_over).sum()
            assert sorted(customers[key]) == pytest.approx(sorted(part.money[part.is_over]))
            parts += 1
    assert parts == len(rates) == len(customers) == 2 * 2 * (3 + 2 + 1)
    assert list(rates.index.names) == list(KEYS)
    assert complete.sum() < 600


def test_a_window_that_is_not_over_counts_nobody(engine: Any, drawn: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    exposed, orders = drawn
    money = money_rows(engine.place(exposed), engine.place(orders), 3_000, UNTIL)
    assert len(money) == 600
    assert not money.counts.any()
    assert {len(own) for own in Means.of_rows(money, BY_SEGMENT).customers.values()} == {0}


def test_money_of_a_window_that_orders_did_not_see_counts_nobody(engine: Any, drawn: tuple[Any, Any]) -> None:
    exposed, orders = drawn
    placed = engine.place(exposed)
    since = pd.Timestamp("2026-03-01")
    money = money_rows(placed, engine.place(orders), 40, UNTIL, is_seen=placed.exposed_at >= since)
    whole = (exposed.exposed_at >= since) & (exposed.exposed_at + timedelta(days=40) <= UNTIL)
    assert money.counts.sum() == whole.sum() > 0
