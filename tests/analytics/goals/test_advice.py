"""What to do: planted odds through an engine, with the customers and the money of today."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.goals.advice import advice
from analytics.goals.goal import Goal, Outcome
from analytics.goals.odds import goal_odds
from analytics.goals.past_months import PastVectors
from analytics.groups import groupings_of
from analytics.history import DatedRows, History
from analytics.money.paying_months import mrr_by_customer
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.present import PresentFrame
from analytics.record import ADVICE, AS_WELL, RULE
from segment_model.contract import Column, Kind, Role, VectorContract

CUSTOMERS = 900
NO_CONDITIONS: Mapping[str, frozenset[str]] = MappingProxyType({})
CHURNED = Goal("churned", "subscriptions", Outcome.CHURNED, 31, better="low")
CONTRACT = VectorContract(
    (
        Column("idle", Kind.COUNT, unit="days", label="last event"),
        Column("noise", Kind.NUMBER),
        Column("plan", Kind.CATEGORY, Role.DESCRIPTOR),
        Column("age", Kind.NUMBER, Role.DESCRIPTOR, sensitive=True),
        Column("mrr", Kind.NUMBER, Role.DESCRIPTOR),
    )
)


@dataclass(frozen=True)
class Advised:
    """The tables `ODDS` and `ADVICE`."""

    odds: pd.DataFrame
    advice: pd.DataFrame


@pytest.fixture(scope="module")
def company() -> dict[str, pd.DataFrame]:
    """600 customers of s1 and 300 of s2 who pay 10 at 2026-01-01. In January, of s1 those idle for 30 days or more
    leave with probability 0.5, all others with 0.1; `at_risk` says who is idle."""
    random = np.random.default_rng(7)
    number = np.arange(CUSTOMERS)
    segment = np.where(number < 600, "s1", "s2")
    idle = random.integers(0, 60, CUSTOMERS).astype(float)
    leaves = random.random(CUSTOMERS) < np.where((segment == "s1") & (idle >= 30), 0.5, 0.1)
    ids = [f"c{k}" for k in number]
    vectors = pd.DataFrame(
        {"idle": idle, "noise": random.normal(size=CUSTOMERS), "age": idle + random.normal(size=CUSTOMERS)},
        index=pd.Index(ids, name="customer_id"),
    ).assign(plan=random.choice(["entry", "pro"], CUSTOMERS), mrr=10.0)
    ended = pd.Series(np.where(leaves, np.datetime64("2026-01-15"), np.datetime64("NaT")), dtype="datetime64[us]")
    terms = pd.DataFrame({"customer_id": ids, "started_at": datetime(2025, 6, 1), "ended_at": ended, "cents": 100_000})
    members = pd.concat(
        pd.DataFrame(
            {
                "customer_id": ids,
                "position": place,
                "segment": segment,
                "meets at_risk": np.where(idle >= 30, "meets", "rest"),
            }
        )
        for place in (0, 1)
    )
    return {"vectors": vectors, "terms": terms.astype({"started_at": "datetime64[us]"}), "members": members}


def record_of(
    company: dict[str, pd.DataFrame],
    engine: Any,
    conditions: Mapping[str, frozenset[str]] = NO_CONDITIONS,
    undated: tuple[str, ...] = (),
) -> Advised:
    ends = MonthEnds((date(2026, 1, 1), date(2026, 2, 1)), datetime(2026, 2, 1))
    dated = DatedRows(engine.place(company["terms"]), engine.place(company["members"]))
    history = History(ends, ("s1", "s2"), terms=dated, conditions=conditions, keep=engine.keep)
    vectors = company["vectors"]
    leaving = company["terms"].ended_at.notna().to_numpy()
    today = vectors.assign(mrr=np.where(leaving, 0.0, 10.0))
    labels = pd.Series(np.where(np.arange(CUSTOMERS) < 600, "s1", "s2"), index=vectors.index)
    past = PastVectors(lambda _: vectors, lambda frame, _: engine.place(frame), undated)
    options, groupings = RecordOptions("USD", goals=(CHURNED,)), groupings_of(history)
    mrr = engine.keep(mrr_by_customer(dated.rows, ends))
    odds = goal_odds(history, groupings, options)
    rules = advice(history, odds, past, PresentFrame(today, labels, CONTRACT), mrr, options)
    return Advised(odds.odds, rules)


@pytest.fixture(scope="module")
def record(company: dict[str, pd.DataFrame], new_engine: Callable[[], Any]) -> Advised:
    return record_of(company, new_engine())


def test_the_planted_rule_is_said_of_its_segment_alone(record: Advised, company: dict[str, pd.DataFrame]) -> None:
    rules = record.advice[record.advice.kind == RULE]
    assert tuple(rules.columns) == ADVICE
    assert rules.segment.tolist() == ["s1"]
    own = rules.iloc[0]
    column, _, threshold = own.condition.removesuffix(" and mrr > 0").partition(" >= ")
    assert column == "idle"
    assert abs(float(threshold) - 30) <= 3
    assert own.low < 5 < own.high
    assert own.low > 2
    vectors = company["vectors"]
    meets = (vectors.idle >= float(threshold)).to_numpy() & (np.arange(CUSTOMERS) < 600)
    left = company["terms"].ended_at.notna().to_numpy()
    assert (own.n, own.reached) == (meets.sum(), (meets & left).sum())
    assert own.rate == pytest.approx((meets & left).sum() / meets.sum())
    assert own.rest_rate == pytest.approx(left[:600][~meets[:600]].mean())
    assert own.period == "2025-12"


def test_customers_and_money_are_those_of_today_who_still_pay(
    record: Advised, company: dict[str, pd.DataFrame]
) -> None:
    own = record.advice[record.advice.kind == RULE].iloc[0]
    assert own.condition.endswith(" and mrr > 0")
    threshold = float(own.condition.partition(" >= ")[2].partition(" ")[0])
    idle = (company["vectors"].idle >= threshold).to_numpy() & (np.arange(CUSTOMERS) < 600)
    staying = idle & company["terms"].ended_at.isna().to_numpy()
    assert own.customers == staying.sum()
    assert own.money == 10 * staying.sum()


def test_a_rule_of_one_column_that_does_as_well_is_said(record: Advised) -> None:
    odds = record.odds[(record.odds.grouping == "segment") & record.odds.latest.astype(bool)].set_index("group")
    assert odds.loc["s1", "mark"] == "above"
    as_well = record.advice[(record.advice.kind == AS_WELL) & (record.advice.segment == "s1")]
    (own,) = as_well.to_dict(orient="records")
    assert own["condition"].startswith("idle >= ")
    assert own["ratio"] >= odds.loc["s1", "ratio_low"]


def test_a_condition_of_the_business_is_a_rule_too(company: dict[str, pd.DataFrame], engine: Any) -> None:
    """Without the column it is made of, the condition is left; its customers are those of the last month end."""
    record = record_of(company, engine, {"at_risk": frozenset({"days"})}, undated=("idle",))
    (own,) = record.advice[record.advice.kind == RULE].to_dict(orient="records")
    assert (own["segment"], own["rule"], own["condition"]) == ("s1", "at risk", "at_risk")
    members = company["members"]
    idle = members[(members.position == 1) & (members.segment == "s1") & (members["meets at_risk"] == "meets")]
    assert own["customers"] == len(idle)
    left = company["terms"].ended_at.notna()
    staying = idle.customer_id.isin(company["terms"].customer_id[~left]).sum()
    assert own["money"] == 10 * staying
    assert record.advice[record.advice.kind == AS_WELL].empty


def test_without_odds_nothing_is_said(company: dict[str, pd.DataFrame], engine: Any) -> None:
    """The same company, with the ends dealt anew to customers, so that nothing tells who leaves."""
    dealt = company["terms"].assign(ended_at=company["terms"].ended_at.sample(frac=1, random_state=1).to_numpy())
    assert record_of({**company, "terms": dealt}, engine, {"at_risk": frozenset({"idle"})}).advice.empty
