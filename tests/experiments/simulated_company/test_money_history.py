"""The money history does month by month what its planted numbers say, and its tables are consistent."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import numpy as np
import pandas as pd
import pytest

from experiments.simulated_company.money_history import MoneyHistory, simulate_money
from experiments.simulated_company.planted_money import GROWTH, LOSS, PLANTED_MONEY, TRIAL_SHARE
from experiments.simulated_company.planted_segments import PLANTED
from segment_model.errors import SettingsError

AS_OF = date(2026, 7, 1)
TABLES = [field.name for field in fields(MoneyHistory) if field.name != "month_ends"]
CHANCE = 3.5  # standard errors: 8 segments and a few rates stay within


@pytest.fixture(scope="module")
def history() -> MoneyHistory:
    return simulate_money(4000, 3, AS_OF)


@pytest.fixture(scope="module")
def paid(history: MoneyHistory) -> pd.DataFrame:
    """Customers by month end: what they pay a month, 0 where nothing; counted by pandas."""
    terms = history.terms[~history.terms["is_trial"]]
    columns = {}
    for position, day in enumerate(pd.to_datetime(list(history.month_ends.dates))):
        runs = (terms["started_at"] < day) & (terms["ended_at"].isna() | (terms["ended_at"] >= day))
        columns[position] = terms[runs].groupby("account_id")["mrr_usd"].sum()
    return pd.DataFrame(columns).reindex(history.truth["customer_id"]).fillna(0.0)


def near(share: float, planted: float, n: int) -> bool:
    return bool(abs(share - planted) <= CHANCE * np.sqrt(planted * (1 - planted) / n) + 1e-9)


def test_the_same_seed_gives_the_same_tables_and_another_does_not(history: MoneyHistory) -> None:
    again, other = simulate_money(4000, 3, AS_OF), simulate_money(4000, 4, AS_OF)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(history, name), check_exact=True)
        assert not getattr(other, name).equals(getattr(history, name))


def test_money_is_planted_for_each_segment_in_their_order() -> None:
    assert [money.segment for money in PLANTED_MONEY] == [segment.name for segment in PLANTED]
    for money in PLANTED_MONEY:
        assert money.churn + money.expansion + money.contraction < 1
        assert money.nrr - money.grr == pytest.approx(money.expansion * GROWTH)


@pytest.mark.parametrize("position", range(len(PLANTED_MONEY)))
def test_the_rates_are_those_that_were_planted(position: int, history: MoneyHistory, paid: pd.DataFrame) -> None:
    planted = PLANTED_MONEY[position]
    own = paid[(history.truth["planted_segment"] == planted.segment).to_numpy()].to_numpy()
    before, after = own[:, :-1].ravel(), own[:, 1:].ravel()
    paying = before > 0
    ratio = after[paying] / before[paying]
    n = int(paying.sum())
    assert near(float((ratio == 0).mean()), planted.churn, n)
    assert near(float((ratio > 1).mean()), planted.expansion, n)
    assert near(float(((ratio < 1) & (ratio > 0)).mean()), planted.contraction, n)
    assert np.median(ratio[ratio > 1]) == pytest.approx(1 + GROWTH, abs=0.01) if planted.expansion else True
    assert np.median(ratio[(ratio < 1) & (ratio > 0)]) == pytest.approx(1 - LOSS, abs=0.01)
    assert ratio.mean() == pytest.approx(planted.nrr, abs=CHANCE * ratio.std() / np.sqrt(n))
    gone = (np.cumsum(own, axis=1)[:, :-1] > 0) & (own[:, :-1] == 0)
    assert near(float((own[:, 1:][gone] > 0).mean()), planted.returning, int(gone.sum()))


def test_trials_become_paid_as_planted(history: MoneyHistory) -> None:
    terms = history.terms
    segment = history.truth.set_index("customer_id")["planted_segment"]
    over = terms["is_trial"] & (terms["ended_at"] < pd.Timestamp(AS_OF))
    paid = terms[~terms["is_trial"]].groupby("account_id")["started_at"].min()
    ended = terms[over].set_index("account_id")["ended_at"]
    converted = paid.reindex(ended.index) == ended  # the paid term starts when the trial ends
    assert near(terms["is_trial"].sum() / len(segment), TRIAL_SHARE, len(segment))
    for money in PLANTED_MONEY:
        of_segment = converted[(segment.reindex(ended.index) == money.segment).to_numpy()]
        assert near(float(of_segment.mean()), money.converting, of_segment.size)
    running = terms[terms["is_trial"] & ~over]
    assert len(running) > 10  # not known yet: their ends lie ahead
    assert not running["account_id"].isin(paid.index).any()


def test_orders_have_the_planted_number_and_margin(history: MoneyHistory) -> None:
    segment = history.truth.set_index("customer_id")["planted_segment"]
    orders = history.orders
    of_order = orders["account_id"].map(segment)
    margin = 1 - orders.groupby(of_order)["cost_usd"].sum() / orders.groupby(of_order)["amount_usd"].sum()
    start = pd.Timestamp(history.month_ends.dates[-2])
    known = history.terms.groupby("account_id")["started_at"].min()
    last = orders[orders["ordered_at"] >= start].drop_duplicates("order_id")
    for money in PLANTED_MONEY:
        assert margin[money.segment] == pytest.approx(money.margin, abs=0.03)
        members = segment.index[segment == money.segment].intersection(known.index[known < start])
        count = last["account_id"].isin(members).sum()
        assert count == pytest.approx(money.orders * members.size, abs=CHANCE * np.sqrt(money.orders * members.size))


@pytest.mark.parametrize("customers", [1, 2, 9, 300])
def test_tables_are_consistent(customers: int) -> None:
    history = simulate_money(customers, 5, date(2024, 3, 1), months=6)
    terms, orders = history.terms, history.orders
    first, last = (pd.Timestamp(history.month_ends.dates[at]) for at in (0, -1))
    assert history.as_of == date(2024, 3, 1)
    assert set(terms["account_id"]) <= set(history.customers["account_id"]) == set(history.truth["customer_id"])
    assert (terms["started_at"] >= first).all()
    assert (terms["started_at"] < last).all()
    assert (terms["ended_at"].isna() | (terms["ended_at"] > terms["started_at"])).all()
    assert (terms["mrr_usd"] > 0).all()
    following = terms.groupby("subscription_id")["started_at"].shift(-1)
    assert (terms["ended_at"] <= following)[following.notna()].all()  # no overlap within a subscription
    assert (orders["ordered_at"] >= orders["account_id"].map(terms.groupby("account_id")["started_at"].min())).all()
    assert orders["cost_usd"].between(0, orders["amount_usd"]).all()
    assert orders.drop_duplicates(["order_id", "account_id"])["order_id"].is_unique


@pytest.mark.parametrize(
    ("customers", "seed", "as_of", "message"),
    [
        (0, 1, AS_OF, "at least 1 customer"),
        (5, -1, AS_OF, "a seed from 0, got 5 and -1"),
        (5, 1, date(2026, 7, 2), "first day of a month, got 2026-07-02"),
    ],
)
def test_what_cannot_be_simulated_is_refused(customers: int, seed: int, as_of: date, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        simulate_money(customers, seed, as_of)


def test_no_month_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least 1 month, got 0"):
        simulate_money(5, 1, AS_OF, months=0)
