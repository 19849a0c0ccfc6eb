"""Far outside training is flagged, ordinary customers are left in peace, and nothing private is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_model.encoding.novelty import NoveltyRule
from segments import Column, Kind, VectorContract
from training.encoding import fit_encoding
from training.settings import EncodingSettings


def rows_of(size: int, seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A normal, a heavy-tailed, a count, a mostly-zero and a constant column, some values missing."""
    generator = np.random.default_rng(seed)
    rows = np.stack(
        [
            generator.normal(50, 10, size),
            np.exp(generator.normal(4, 1.5, size)),
            generator.poisson(3, size).astype(float),
            np.where(generator.random(size) < 0.9, 0.0, generator.gamma(2, 10, size)),
            np.full(size, 7.0),
        ]
    )
    rows[0, ::17] = np.nan
    return rows


def test_one_in_a_hundred_held_back_customers_is_a_false_alarm() -> None:
    shares = [NoveltyRule.learn(rows_of(4000, seed)).flags(rows_of(4000, seed + 100)).mean() for seed in range(10)]
    assert 0.005 <= np.mean(shares) <= 0.02


@pytest.mark.parametrize(
    ("column", "value"), [(0, 500.0), (0, -300.0), (1, 1e9), (2, 400.0), (3, 1e6), (4, 7.1), (1, 1e300)]
)
def test_one_number_far_out_is_enough(column: int, value: float) -> None:
    rule = NoveltyRule.learn(rows_of(4000, 1))
    ordinary = np.array([[50.0], [55.0], [3.0], [0.0], [7.0]])
    assert not rule.flags(ordinary)[0]
    ordinary[column] = value
    assert rule.flags(ordinary)[0]


@given(st.floats(allow_nan=True, allow_infinity=False))
def test_any_number_gets_an_answer(value: float) -> None:
    rule = NoveltyRule.learn(np.array([[1.0, 2.0, np.nan, 3.0]]))
    assert rule.flags(np.array([[value]])).tolist() in ([True], [False])


def test_missing_is_not_novel_and_no_columns_are_no_news() -> None:
    assert not NoveltyRule.learn(np.array([[1.0, 2.0, 3.0]])).flags(np.array([[np.nan]]))[0]
    assert NoveltyRule.learn(np.empty((0, 5))).flags(np.empty((0, 3))).tolist() == [False] * 3


def test_quantile_edges_are_few_and_leave_out_the_extremes() -> None:
    generator = np.random.default_rng(2)
    frame = pd.DataFrame({"spend": generator.lognormal(3, 1, 2000), "share": generator.beta(2, 5, 2000)})
    contract = VectorContract((Column("spend", Kind.NUMBER), Column("share", Kind.SHARE)))
    encoder = fit_encoding(frame, contract, EncodingSettings(transform="quantile")).encoder
    edges = encoder.numbers.quantiles
    assert edges.shape[1] <= 100
    for position, name in enumerate(encoder.numbers.names):
        for kept in (edges[position], encoder.numbers.lower, encoder.numbers.upper):
            assert not {frame[name].min(), frame[name].max()} & set(kept)
