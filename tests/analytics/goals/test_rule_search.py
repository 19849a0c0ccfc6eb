"""Rules are found where odds are planted, and none in pure noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, fisher_exact

from analytics.goals.rule_columns import HALF, RuleColumn, binned, rule_columns
from analytics.goals.rule_search import CountedRules, best_of_each, proven_rules
from segment_model.contract import Column, Kind, VectorContract

SEGMENTS = ("s1", "s2", "s3")


def company(seed: int, customers: int, columns: int, planted: bool) -> tuple[CountedRules, ...]:
    """Three segments, numbers and a category of pure noise; planted: in s1, 4 of 10 leave when idle for 30 days, else
    1 of 10 does."""
    random = np.random.default_rng(seed)
    segment = random.choice(SEGMENTS, customers, p=[0.5, 0.3, 0.2])
    idle = random.integers(0, 60, customers).astype(float)
    risk = np.where((segment == "s1") & (idle >= 30), 0.4, 0.1) if planted else 0.15
    reached = random.random(customers) < risk
    frame = pd.DataFrame({"idle": idle, **{f"x{k}": random.normal(size=customers) for k in range(columns)}})
    frame["plan"] = random.choice(["entry", "mid", "top"], customers)
    frame.index = pd.Index([f"c{number}" for number in range(customers)])
    kinds = {name: Kind.CATEGORY if name == "plan" else Kind.NUMBER for name in frame}
    contract = VectorContract(tuple(Column(name, kind) for name, kind in kinds.items()))
    return counted(frame, contract, segment, reached)


def counted(
    frame: pd.DataFrame, contract: VectorContract, segment: np.ndarray, reached: np.ndarray
) -> tuple[CountedRules, ...]:
    columns = rule_columns(frame, contract)
    bins = binned(frame, columns).assign(segment=segment, reached=reached.astype(int), n=1)
    return tuple(
        CountedRules(
            column.rules(),
            bins.groupby(["segment", HALF, f"bin_{place}"], as_index=False)[["n", "reached"]]
            .sum()
            .rename(columns={f"bin_{place}": "bin"}),
        )
        for place, column in enumerate(columns)
    )


def test_in_pure_noise_nothing_is_said_beyond_the_stated_rate() -> None:
    """Of 40 companies whose customers reach a goal by chance, at most 5 % have any rule: 7 is the 99.9 % limit."""
    loud = sum(len(proven_rules(company(seed, 400, 2, False), SEGMENTS, 10)) > 0 for seed in range(40))
    assert loud <= binom.ppf(0.999, 40, 0.05)
    assert loud <= 2


@pytest.mark.parametrize("seed", range(4))
def test_planted_odds_are_recovered_in_their_segment(seed: int) -> None:
    columns = company(seed, 1500, 5, True)
    rules = [rule for column in columns for rule in column.rules]
    proven = proven_rules(columns, SEGMENTS, 10)
    best = best_of_each(proven, SEGMENTS)
    assert set(best) == {"s1"}
    assert rules[int(best["s1"].place)].column == "idle"
    assert abs(float(rules[int(best["s1"].place)].condition.removeprefix("idle >= ")) - 30) <= 3
    assert best["s1"].low < 4 < best["s1"].high
    assert best["s1"].low > 1


def test_the_counts_and_the_test_of_a_rule_are_those_of_its_customers() -> None:
    frame = pd.DataFrame({"idle": [1.0] * 40 + [9.0] * 40 + [np.nan] * 20}, index=[f"c{k}" for k in range(100)])
    reached = np.array([k < 2 or 40 <= k < 70 or k >= 95 for k in range(100)])
    contract = VectorContract((Column("idle", Kind.NUMBER, nullable=True),))
    (column,) = counted(frame, contract, np.full(100, "s1"), reached)
    rules = proven_rules([column], ["s1"], 10)
    assert [rule.condition for rule in column.rules] == ["idle >= 9", "idle < 9"]
    own = rules[(rules.segment == "s1") & (rules.place == 0)].iloc[0]
    assert (own.n, own.reached, own.rest_n, own.rest_reached) == (40, 30, 60, 7)
    assert own.ratio == pytest.approx((30 / 40) / (7 / 60))
    one_sided = fisher_exact([[30, 10], [7, 53]], alternative="greater").pvalue
    assert own.p == pytest.approx(2 * one_sided)


def test_nothing_is_looked_at_under_the_floor_and_without_rules() -> None:
    assert proven_rules([], SEGMENTS, 10).empty
    assert proven_rules(company(0, 12, 1, True), SEGMENTS, 10).empty


def test_rules_are_written_as_conditions() -> None:
    plan = RuleColumn(Column("home plan", Kind.CATEGORY), levels=("it's",))
    assert plan.rules()[0].condition == "\"home plan\" = 'it''s'"
    flag = RuleColumn(Column("vip", Kind.FLAG), levels=("true", "false"))
    assert [rule.condition for rule in flag.rules()] == ["vip = true", "vip = false"]
    assert [rule.words for rule in flag.rules()] == ["vip is yes", "vip is no"]
    assert flag.bins_of(pd.Series([1.0, 0.0, None])).tolist() == [0, 1, -1]
    days = RuleColumn(Column("idle", Kind.COUNT, unit="days", label="last event"), thresholds=(7.0, 30.0))
    assert [rule.words for rule in days.rules()][2] == "last event is at least 30 days"
    assert days.bins_of(pd.Series([0.0, 7.0, 29.0, 30.0])).tolist() == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("column", "threshold", "words", "condition"),
    [
        (Column("idle", Kind.COUNT, unit="days"), 1.0, "idle is at least 1 day", "idle >= 1"),
        (Column("mrr", Kind.NUMBER, unit="EUR"), 1.2e6, "mrr is at least 1,200,000 EUR", "mrr >= 1200000"),
        (Column("fill", Kind.SHARE), 0.25, "fill is at least 25 %", "fill >= 0.25"),
        (Column("founded", Kind.NUMBER, unit="year"), 1987.0, "founded is at least 1987", "founded >= 1987"),
        (Column("rate", Kind.NUMBER), 2e-5, "rate is at least 0.00002", "rate >= 0.00002"),
    ],
)
def test_thresholds_are_written_as_people_say_them(
    column: Column, threshold: float, words: str, condition: str
) -> None:
    above = RuleColumn(column, thresholds=(threshold,)).rules()[0]
    assert (above.words, above.condition) == (words, condition)


def test_thresholds_of_years_are_years() -> None:
    """Rounded to two digits, all years from 1951 to 2049 are 2000."""
    years = pd.DataFrame({"founded": np.repeat(np.arange(1980.0, 2020.0), 5)})
    (column,) = rule_columns(years, VectorContract((Column("founded", Kind.NUMBER, unit="year"),)))
    assert column.thresholds[:2] == (1982.0, 1984.0)


def test_sensitive_undated_and_constant_columns_make_no_rules() -> None:
    frame = pd.DataFrame({"age": [1.0, 2.0], "country": ["a", "b"], "same": [1.0, 1.0], "idle": [1.0, 2.0]})
    contract = VectorContract(
        (
            Column("age", Kind.NUMBER, sensitive=True),
            Column("country", Kind.CATEGORY),
            Column("same", Kind.NUMBER),
            Column("idle", Kind.NUMBER),
        )
    )
    assert [each.column.name for each in rule_columns(frame, contract, ("country",))] == ["idle"]


def test_halves_are_stable_and_about_equal() -> None:
    halves = binned(pd.DataFrame(index=[f"customer-{k}" for k in range(4000)]), ()).half
    assert abs(halves.mean() - 0.5) < 0.03
    again = binned(pd.DataFrame(index=["customer-7", "customer-1"]), ()).half.tolist()
    assert again == [halves[7], halves[1]]
