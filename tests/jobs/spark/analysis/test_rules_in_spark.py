"""The rules of advice have the same bins, customers and money in Spark as in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.goals.rule_columns import RuleColumn, binned, rule_columns
from analytics.goals.rules_today import AskedRule, RuleToday
from analytics.present import PresentFrame
from features.conditions.on_vectors.named_conditions import named_conditions
from features.conditions.on_vectors.vector_figures import FrameFigures
from features.reading.spark_tables import SparkTables
from features.sources import fetch
from jobs.spark.analysis.distributions import LABEL, LabelledCustomers
from jobs.spark.analysis.past_months import SparkPast
from jobs.spark.analysis.present import SparkPresent
from segment_model.contract import Column, Kind, Role, VectorContract

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # of py4j's gateway
]
SIZE = 400
CONTRACT = VectorContract(
    (
        Column("idle", Kind.COUNT),
        Column("a b", Kind.NUMBER, nullable=True),
        Column("alike", Kind.NUMBER),
        Column("unknown", Kind.NUMBER, nullable=True),
        Column("vip", Kind.FLAG, nullable=True),
        Column("always", Kind.FLAG),
        Column("plan", Kind.CATEGORY, nullable=True),
        Column("town", Kind.CATEGORY),
        Column("age", Kind.NUMBER, Role.DESCRIPTOR, sensitive=True),
        Column("mrr", Kind.NUMBER, nullable=True),
    )
)
LABELS = pd.Series(np.where(np.arange(SIZE) % 3, "s1", "s2"), dtype="str")


def vectors() -> pd.DataFrame:
    random, number = np.random.default_rng(6), np.arange(SIZE)
    frame = pd.DataFrame(
        {
            "idle": random.integers(0, 60, SIZE),
            "a b": np.where(number % 9, random.lognormal(3, 2, SIZE), np.nan),
            "alike": 7.0,
            "unknown": np.nan,
            "vip": np.where(number % 5, number % 2, np.nan),
            "always": 1.0,
            "plan": np.array([*"abcdefghijkl", None], dtype=object)[random.integers(0, 13, SIZE)],
            "town": "Köln",
            "age": random.integers(18, 90, SIZE),
            "mrr": np.select([number % 4 == 0, number % 7 == 0], [0.0, np.nan], random.lognormal(2, 1, SIZE)),
        },
        index=pd.Index([f"c{n:03}" for n in number], name="customer_id"),
    )
    return frame.astype({c.name: "str" if c.is_category else "float64" for c in CONTRACT.columns})


def test_a_past_month_is_cut_into_the_same_bins(spark: Any, tmp_path: Path) -> None:
    frame = vectors()
    frame.reset_index().to_parquet(tmp_path / "vectors.parquet", index=False)
    tables = SparkTables(spark, tmp_path)
    customers = spark.read.parquet((tmp_path / "vectors.parquet").as_uri()).repartition(3)
    month = SparkPast(tables, lambda _: customers).at(0)
    columns = rule_columns(frame, CONTRACT, ("idle",))
    assert month.columns(CONTRACT, ("idle",)) == columns
    assert [column.column.name for column in columns] == ["a b", "vip", "plan", "mrr"]
    placed = fetch(month.placed(columns, tables.hold_frame(customers)), "bins").to_pandas()
    pd.testing.assert_frame_equal(
        placed.sort_values("customer_id", ignore_index=True), binned(frame, columns), check_dtype=False
    )
    tables.close()


def asked() -> list[AskedRule]:
    columns = {column.column.name: column for column in rule_columns(vectors(), CONTRACT)}
    return [
        AskedRule(columns["idle"], frozenset({0, 1, 2}), "s1"),
        AskedRule(columns["plan"], frozenset({0}), None),
        AskedRule(columns["vip"], frozenset({1}), "s2"),
        AskedRule(RuleColumn(CONTRACT["mrr"], (1e9,)), frozenset({1}), None),  # nobody
    ]


@pytest.mark.parametrize("without", [(), ("mrr",)])
def test_the_customers_who_meet_rules_today_and_their_money(
    without: tuple[str, ...], spark: Any, tmp_path: Path
) -> None:
    frame = vectors().drop(columns=[*without])
    contract = VectorContract(tuple(column for column in CONTRACT.columns if column.name not in without))
    frame.assign(**{LABEL: LABELS.to_numpy()}).reset_index().to_parquet(tmp_path / "labelled.parquet", index=False)
    customers = spark.read.parquet((tmp_path / "labelled.parquet").as_uri()).repartition(3)
    sizes = {str(name): (int(count),) for name, count in LABELS.value_counts().items()}
    labelled = LabelledCustomers.of(customers, ("s1", "s2"), sizes, 1)
    none = named_conditions({}, contract, FrameFigures(frame))
    rules = [rule for rule in asked() if rule.column.column.name in contract.names]
    expected = PresentFrame(frame, LABELS.set_axis(frame.index), contract).rules(rules)
    answered = SparkPresent(labelled, contract, none).rules(rules)
    assert [own.customers for own in answered] == [own.customers for own in expected]
    for own, other in zip(answered, expected, strict=True):
        assert (own.paying is None) is bool(without)
        assert own == RuleToday(
            other.customers,
            pytest.approx(other.money, nan_ok=True),
            other.paying,
            pytest.approx(other.money_of_paying, nan_ok=True),
        )
    if not without:
        assert 0 < (answered[0].paying or 0) < answered[0].customers


def test_examples_of_more_customers_than_are_looked_at(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a condition is named, so that the record says that its examples are of a sample."""
    monkeypatch.setattr("jobs.spark.analysis.present.LOOKED_AT", 100)
    conditions = named_conditions({"many": "idle >= 0", "few": "idle < 0"}, CONTRACT, FrameFigures(vectors()))
    counts = {"s1": (300, 101, 0), "s2": (100, 0, 0)}
    labelled = LabelledCustomers.of(spark.range(1), ("s1", "s2"), counts, 3)
    present = SparkPresent(labelled, CONTRACT, conditions)
    assert present.sampled_conditions == ("many",)
    shares = present.overlap(("s1", "s2"), conditions, floor=10).set_index(["condition", "segment"]).share
    assert shares["many"].tolist() == [101 / 400, 101 / 300, 0]
