from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.spark.sample import STEADY, ChosenSize, choose_size, shares
from segment_model.contract import Column, Kind, VectorContract
from training.settings import DiscoverySettings

CONTRACT = VectorContract((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))


def customers(points: np.ndarray[Any, Any]) -> pd.DataFrame:
    index = pd.Index([f"C{number:05d}" for number in range(len(points))], name="customer_id", dtype="str")
    return pd.DataFrame(points, columns=["a", "b"], index=index)


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 10_000), min_size=1, max_size=20), st.integers(1, 20_000))
def test_a_sample_has_its_size_and_each_stratum_its_share(counts: dict[str, int], size: int) -> None:
    wanted, total = shares(counts, size), sum(counts.values())
    assert sum(wanted.values()) == min(size, total)
    for name, count in counts.items():
        assert wanted[name] <= count
        assert abs(wanted[name] - min(size, total) * count / total) < 1


def test_groups_that_lie_apart_need_the_smallest_sample() -> None:
    generator = np.random.default_rng(5)
    centres = np.array([[across, up] for across in (0, 20, 40, 60) for up in (0, 30)])
    frame = customers(centres[generator.integers(0, 8, 900)] + generator.normal(size=(900, 2)))
    chosen = choose_size(frame, CONTRACT, DiscoverySettings(), (200, 400))
    assert (chosen.size, chosen.is_steady, [*chosen.agreements]) == (200, True, [200])
    assert chosen.words == ("the segments of two samples agree by 1.00 at 200 (adjusted Rand index); 0.95 was reached")


def test_without_groups_no_size_is_enough_and_that_is_said() -> None:
    frame = customers(np.random.default_rng(6).normal(size=(900, 2)))
    chosen = choose_size(frame, CONTRACT, DiscoverySettings(), (100, 200, 1_000))
    assert [*chosen.agreements] == [100, 200]  # two samples of 1,000 are not there
    assert max(chosen.agreements.values()) < STEADY
    assert chosen.size == 200
    assert chosen.words.endswith("0.95 was not: another sample may differ")


@pytest.mark.parametrize("rows", [20, 199])
def test_few_customers_are_all_taken(rows: int) -> None:
    frame = customers(np.random.default_rng(6).normal(size=(rows, 2)))
    chosen = choose_size(frame, CONTRACT, DiscoverySettings(), (100,))
    assert chosen == ChosenSize(rows, {})
    assert chosen.words == "too few customers to compare two samples"
