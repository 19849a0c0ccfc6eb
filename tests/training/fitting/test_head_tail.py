"""Head/tail breaks of an amount: each head is those above the mean of the one before."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from training.fitting.head_tail import heads


def test_the_breaks_of_a_heavy_tail_by_hand() -> None:
    """The mean of all is 14.9, above which are the last four; their mean is 108.5, above which are three too few."""
    amounts = np.array([1.0] * 26 + [20.0, 30.0, 84.0, 300.0])
    assert [head.sum() for head in heads(amounts)] == [4]
    assert heads(amounts)[0].tolist() == [False] * 26 + [True] * 4


def test_every_head_lies_within_the_one_before() -> None:
    amounts = np.random.default_rng(0).pareto(1.2, size=3000)
    breaks = heads(amounts)
    assert len(breaks) >= 3
    for outer, inner in pairwise(breaks):
        assert not np.any(inner & ~outer)
        assert amounts[inner].min() > amounts[outer].mean()


def test_an_amount_without_a_heavy_tail_has_no_head() -> None:
    assert heads(np.random.default_rng(0).normal(50, 5, size=500)) == []
    assert heads(np.full(100, 7.0)) == []
    assert heads(np.zeros(3)) == []
