"""The stated power of a planted statement is the share of drawn experiments in which it is marked."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from analytics.experiments.heterogeneity import heterogeneity
from experiments.benchmarks.questions.planted_power import difference_power, interaction_power, mismatch_power

DRAWN = 2_000


def test_the_power_of_a_difference_is_that_of_a_z_test() -> None:
    """0.5 against 0.6 of 300 each: by the normal distribution, for one look and for five."""
    error = np.sqrt(0.5 * 0.5 / 300 + 0.6 * 0.4 / 300)
    for looks in (1, 5):
        expected = norm.sf(norm.isf(0.05 / looks / 2) - 0.1 / error)
        assert difference_power(0.6, 0.5, 300, 300, looks) == pytest.approx(expected, abs=0.02)
    assert difference_power(0.1, 0.1, 300, 300, 1) == pytest.approx(0.05, abs=0.01)


def test_the_power_of_the_interaction_is_that_of_drawn_experiments() -> None:
    chances, sizes = np.array([0.3, 0.15, 0.1, 0.1]), np.array([60, 90, 200, 250])
    draw = np.random.default_rng(2).binomial
    marked = 0
    for _ in range(DRAWN):
        treated, control = draw(sizes, chances) / sizes, draw(sizes, 0.1) / sizes
        variances = sum((share * (1 - share) / sizes for share in (treated, control)), np.zeros(4))
        marked += heterogeneity(treated - control, variances).p < 0.05 / 3
    power = interaction_power(chances, 0.1, sizes.astype(float), sizes.astype(float), 3)
    assert power == pytest.approx(marked / DRAWN, abs=0.06)


def test_the_power_of_a_mismatch_grows_with_the_customers() -> None:
    assert mismatch_power(0.5, 0.6, 1_000) > 0.99
    assert mismatch_power(0.5, 0.6, 300) == pytest.approx(0.57, abs=0.02)
    assert mismatch_power(0.5, 0.5, 1_000) < 0.001
