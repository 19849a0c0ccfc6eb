"""Segments that only repeat the levels of a column are called so, with the column to make a descriptor."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from segments import Column, Kind, Role, VectorContract
from training.profiling.repeated_attribute import repeated_attributes, repetition_reason

GENERATOR = np.random.default_rng(0)
INTERNET = np.array(["DSL", "Fiber", "No"], dtype=object)[GENERATOR.integers(0, 3, 600)]
CONTRACT = VectorContract(
    (
        Column("internet", Kind.CATEGORY),
        Column("security", Kind.CATEGORY),
        Column("cars", Kind.COUNT),
        Column("spend", Kind.NUMBER),
        Column("online", Kind.FLAG, Role.DESCRIPTOR),
    )
)
FRAME = pd.DataFrame(
    {
        "internet": pd.array(INTERNET, dtype="str"),
        "security": pd.array(np.where(INTERNET == "No", None, GENERATOR.choice(["yes", "no"], 600)), dtype="str"),
        "cars": GENERATOR.poisson(2, 600).clip(0, 4).astype(float),
        "spend": GENERATOR.normal(0, 1, 600),
        "online": (INTERNET != "No").astype(float),
    }
)
SERVICES = pd.factorize(INTERNET, sort=True)[0].astype(np.intp)


def test_the_levels_of_one_column() -> None:
    (reason,) = repetition_reason(FRAME, CONTRACT, SERVICES)
    assert reason == (
        "the segments are the levels of internet (DSL | Fiber | No): make it a descriptor to look further "
        "(`features: {roles: {internet: descriptor}}`)"
    )


def test_columns_of_the_same_fact_are_named_together_and_a_missing_value_is_a_level() -> None:
    labels = (INTERNET == "No").astype(np.intp)
    (reason,) = repetition_reason(FRAME, CONTRACT, labels)
    assert reason.startswith("the segments are the levels of internet (DSL, Fiber | No), and of security: make these")
    by_name = {own.column.name: own for own in repeated_attributes(FRAME, CONTRACT, labels)}
    assert by_name["security"].levels[1] == ("unknown",)


@pytest.mark.parametrize(("wrong", "repeats"), [(0.0, True), (0.04, True), (0.07, False)])
def test_a_few_exceptions_are_allowed(wrong: float, repeats: bool) -> None:
    labels = np.where(np.arange(600) < 600 * wrong, (SERVICES + 1) % 3, SERVICES).astype(np.intp)
    labels[-50:] = -1
    assert bool(repetition_reason(FRAME, CONTRACT, labels)) == repeats


def test_counts_of_few_values_are_levels_and_numbers_are_none() -> None:
    few = (FRAME["cars"] >= 2).to_numpy().astype(np.intp)
    assert "levels of cars (" in repetition_reason(FRAME, CONTRACT, few)[0]
    assert not repetition_reason(FRAME, CONTRACT, (FRAME["spend"] > 0).to_numpy().astype(np.intp))


def test_finer_segments_than_levels_and_chance_repeat_nothing() -> None:
    finer = SERVICES * 2 + (FRAME["spend"] > 0).to_numpy()
    assert not repetition_reason(FRAME, CONTRACT, finer.astype(np.intp))
    assert not repetition_reason(FRAME, CONTRACT, GENERATOR.integers(0, 3, 600))
    small = np.where(np.arange(600) < 12, 1, 0).astype(np.intp)  # 98 % are right without a level
    assert not repetition_reason(FRAME, CONTRACT, small)
