"""Learned rules are short, round, true to the customers, and mean the same in both databases."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reporting.rule_export import rule_table, rules_json, rules_sql
from segment_model.cards import SegmentCard
from segment_model.rules import Between, OneOf, Rule, RuleSet
from segments import Column, Kind, Role, VectorContract
from training.discovery.discovery import Discovery
from training.profiling.rule_conditions import roundest
from training.profiling.rule_learning import learn_rules

Labels = np.ndarray[Any, np.dtype[np.intp]]


def cards(count: int) -> list[SegmentCard]:
    return [SegmentCard(f"seg-{n}", f"segment {n}", "", 0, 0.0, {}) for n in range(count)]


def learned(discovery: Discovery) -> tuple[RuleSet, ...]:
    return learn_rules(discovery.frame, discovery.contract, discovery.labels, discovery.model.cards)


@pytest.fixture(params=["kmeans", "hdbscan"])
def discovery(request: pytest.FixtureRequest) -> Discovery:
    fixture: Discovery = request.getfixturevalue(f"{request.param}_discovery")
    return fixture


def test_planted_segments_have_short_rules_that_find_nearly_everybody(discovery: Discovery) -> None:
    rules = learned(discovery)
    assert [rule_set.segment_id for rule_set in rules] == list(discovery.model.ids)
    for rule_set in rules:
        assert rule_set.precision is not None
        assert rule_set.coverage is not None
        assert min(rule_set.precision, rule_set.coverage) >= 0.95
        assert 1 <= len(rule_set.rules) <= 2
        assert all(1 <= len(rule.conditions) <= 3 for rule in rule_set.rules)


def test_the_figures_are_those_of_all_customers(discovery: Discovery) -> None:
    for position, rule_set in enumerate(learned(discovery)):
        members = discovery.labels == position
        again = rule_set.holds(discovery.frame)
        assert (rule_set.matched, rule_set.hits, rule_set.size) == (again.sum(), (again & members).sum(), members.sum())


def test_both_databases_recompute_precision_and_coverage(discovery: Discovery, postgres_url: str) -> None:
    table = discovery.frame.reset_index()
    table["segment"] = discovery.labels
    with duckdb.connect() as ours, psycopg.connect(postgres_url, autocommit=True) as server:
        ours.register("customer_vectors", table)
        types = {"f": "double precision", "i": "bigint"}
        columns = ", ".join(f'"{name}" {types.get(table[name].dtype.kind, "text")}' for name in table)
        server.execute(f"CREATE TEMPORARY TABLE customer_vectors ({columns})")  # type: ignore[arg-type]
        with server.cursor().copy("COPY customer_vectors FROM STDIN") as copy:
            for row in table.astype(object).where(table.notna(), None).itertuples(index=False):
                copy.write_row(row)
        text = rules_sql(learned(discovery), discovery.contract)
        queries = [query for query in text.split(";\n") if "SELECT" in query]
        for position, (rule_set, query) in enumerate(zip(learned(discovery), queries, strict=True)):
            figures = (
                f"SELECT avg((segment = {position})::int::double precision), "  # noqa: S608
                f"count(*) FILTER (WHERE segment = {position})::double precision "
                f"/ (SELECT count(*) FROM customer_vectors WHERE segment = {position}) "
                f"FROM customer_vectors WHERE {rule_set.sql()}"
            )
            expected = (rule_set.precision, rule_set.coverage)
            assert ours.sql(figures).fetchall()[0] == pytest.approx(expected, rel=1e-14)
            assert server.execute(figures).fetchone() == pytest.approx(expected, rel=1e-14)  # type: ignore[arg-type]
            who = set(discovery.frame.index[rule_set.holds(discovery.frame)])
            assert {row[0] for row in ours.sql(query).fetchall()} == who
            assert {row[0] for row in server.execute(query).fetchall()} == who  # type: ignore[arg-type]


def test_only_basis_columns_that_are_not_sensitive_are_used(planted: Any) -> None:
    hidden = ("frequency", "plan")
    contract = VectorContract(tuple(replace(c, sensitive=c.name in hidden) for c in planted.contract.columns))
    rules = learn_rules(planted.frame, contract, planted.truth, cards(4))
    used = {condition.column for rule_set in rules for rule in rule_set.rules for condition in rule.conditions}
    assert used
    assert used <= {column.name for column in contract.basis} - set(hidden)


def test_two_groups_of_one_segment_are_two_rules() -> None:
    values = np.arange(300, dtype=float)
    frame = pd.DataFrame({"x": values, "y": np.tile([0.0, 1.0], 150)})
    labels = ((values < 60) | (values >= 240)).astype(np.intp)
    contract = VectorContract((Column("x", Kind.NUMBER), Column("y", Kind.NUMBER)))
    middle, ends = learn_rules(frame, contract, labels, cards(2))
    assert middle.rules == (Rule((Between("x", 60.0, 240.0),)),)
    assert (middle.precision, middle.coverage) == (1.0, 1.0)
    assert set(ends.rules) == {Rule((Between("x", below=60.0),)), Rule((Between("x", at_least=240.0),))}
    assert (ends.precision, ends.coverage) == (1.0, 1.0)


def test_a_missing_value_and_a_set_of_levels_can_make_a_segment() -> None:
    known = np.repeat([np.nan, 5.0, 7.0], 50)
    plan = np.tile(np.array(["o'b", "ü", "pro", None, "pro"], dtype=object), 30)
    frame = pd.DataFrame({"x": known, "plan": pd.array(plan, dtype="str")})
    contract = VectorContract((Column("x", Kind.NUMBER, nullable=True), Column("plan", Kind.CATEGORY, nullable=True)))
    for members in (np.isnan(known), pd.isna(plan), np.isin(plan.astype(str), ["o'b", "ü"])):
        (rule_set,) = learn_rules(frame, contract, np.where(members, 0, -1), cards(1))
        assert (rule_set.precision, rule_set.coverage) == (1.0, 1.0)
        assert len(rule_set.rules) == 1
        assert len(rule_set.rules[0].conditions) == 1


def test_large_tables_are_searched_on_a_sample_and_measured_whole() -> None:
    generator = np.random.default_rng(1)
    spend = np.concatenate([generator.normal(100, 10, 40_000), generator.normal(500, 50, 300)])
    labels = np.repeat([0, 1], [40_000, 300]).astype(np.intp)
    contract = VectorContract((Column("spend", Kind.NUMBER, unit="USD"),))
    large, small = learn_rules(pd.DataFrame({"spend": spend}), contract, labels, cards(2))
    assert (large.size, small.size) == (40_000, 300)
    for rule_set in (large, small):
        assert rule_set.precision is not None
        assert rule_set.coverage is not None
        assert min(rule_set.precision, rule_set.coverage) >= 0.99
    again = learn_rules(pd.DataFrame({"spend": spend}), contract, labels, cards(2))
    assert again == (large, small)


def degenerate() -> Sequence[tuple[dict[str, Any], list[int]]]:
    return [
        ({"x": []}, []),
        ({"x": [1.0]}, [0]),
        ({"x": [np.nan, np.nan, np.nan]}, [0, 1, -1]),
        ({"x": [5.0] * 4}, [0, 0, 1, 1]),
        ({"x": [1e308, -1e308, 5e-324, 0.0]}, [0, 1, 0, 1]),
        ({"x": [1.0, 2.0, 3.0]}, [0, 0, 0]),
        ({"x": [1.0, 2.0, 3.0]}, [-1, -1, -1]),
    ]


@pytest.mark.parametrize(("columns", "labels"), degenerate())
def test_degenerate_tables_have_rules_too(columns: dict[str, Any], labels: list[int]) -> None:
    frame = pd.DataFrame(columns, dtype=float)
    contract = VectorContract((Column("x", Kind.NUMBER),))
    rules = learn_rules(frame, contract, np.array(labels, dtype=np.intp), cards(2))
    for position, rule_set in enumerate(rules):
        members = np.array(labels, dtype=np.intp) == position
        assert rule_set == RuleSet.measured(rule_set.segment_id, rule_set.segment_name, rule_set.rules, frame, members)
        assert rule_set.size or rule_set.rules == ()
    table = rule_table(rules, contract)
    assert table["size"].tolist() == [rule_set.size for rule_set in rules]
    assert json.loads(rules_json(rules)) == [rule_set.to_json() for rule_set in rules]


def test_no_column_to_tell_by_means_everybody() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    contract = VectorContract((Column("x", Kind.NUMBER, Role.DESCRIPTOR),))
    larger, other = learn_rules(frame, contract, np.array([0, 0, 1]), cards(2))
    assert (larger.words(contract), larger.precision, larger.coverage) == ("everybody", 2 / 3, 1.0)
    assert (other.words(contract), other.precision) == ("everybody", 1 / 3)


@settings(max_examples=300, deadline=None)
@example((-1e-05, -6.197543086400848e-162))
@given(st.tuples(*[st.floats(-1e12, 1e12, allow_subnormal=False)] * 2).filter(lambda ends: ends[0] != ends[1]))
def test_a_round_threshold_lies_in_its_gap_and_no_power_of_ten_is_rounder(ends: tuple[float, float]) -> None:
    low, high = sorted(ends)
    threshold = roundest(low, high)
    assert low < threshold <= high
    step = Fraction(10) ** 14
    bottom, top = Fraction(repr(low)), Fraction(repr(high))  # as they are written: the float -1e-05 lies below -1e-05
    while top // step * step <= bottom:  # the largest power of ten with a multiple in the gap
        step /= 10
    assert threshold == high or (Fraction(repr(threshold)) / step).denominator == 1


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(52, 180, 100), (0, 1, 1), (-1, 1, 0), (1, 2, 2), (0.31, 0.36, 0.35), (-30, -12, -20), (1234, 1290, 1250)],
)
def test_thresholds_are_round_as_people_round(low: float, high: float, expected: float) -> None:
    assert roundest(low, high) == expected


def test_a_name_cannot_end_its_comment() -> None:
    contract = VectorContract((Column("plan", Kind.CATEGORY),))
    hostile = RuleSet("seg-a", "a\nDROP TABLE x;\u2028--", (Rule((OneOf("plan", ("b\nc",)),)),), 1, 1, 1)
    lines = rules_sql([hostile], contract).splitlines()
    assert [line for line in lines if "DROP" in line] == ["-- a DROP TABLE x; -- (seg-a): plan is b c"]
    assert re.fullmatch(r"-- precision 1 of 1 customer, coverage 1 of 1", lines[4])
