"""A small segment is kept if 20 customers or more hold 5 % of the money or more."""

from __future__ import annotations

import numpy as np
import pytest

from training.continuum.small_segments import hold_money, small_head


def labels_and_amounts(small: int, money_share: float, customers: int = 5000) -> tuple[np.ndarray, np.ndarray]:
    labels = np.zeros(customers, dtype=np.intp)
    labels[:small] = 1
    amounts = np.full(customers, (1 - money_share) / (customers - small))
    amounts[:small] = money_share / small
    return labels, amounts


@pytest.mark.parametrize(
    ("small", "money_share", "kept"), [(20, 0.051, True), (19, 0.5, False), (20, 0.049, False), (49, 0.2, True)]
)
def test_the_two_limits(small: int, money_share: float, kept: bool) -> None:
    labels, amounts = labels_and_amounts(small, money_share)
    assert hold_money(labels, 2, amounts, 0.01) is kept


def test_without_money_nothing_small_is_worth_keeping() -> None:
    labels, amounts = labels_and_amounts(30, 0.3)
    assert not hold_money(labels, 2, None, 0.01)
    assert not hold_money(labels, 2, np.zeros_like(amounts), 0.01)


def test_the_head_of_a_few_big_customers_among_many_small_ones() -> None:
    generator = np.random.default_rng(1)
    amounts = np.concatenate([generator.lognormal(5, 1, size=4000), generator.uniform(30_000, 80_000, size=30)])
    place = small_head(amounts, 0.01)
    assert place is not None
    assert small_head(amounts, 0.001) is None
    assert small_head(np.ones(4000), 0.01) is None
