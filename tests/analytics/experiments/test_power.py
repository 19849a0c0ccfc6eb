"""The smallest difference that is shown: at it, a two-sided test at 5 % has a power of 80 %."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from analytics.experiments.power import detectable, mean_error, power, share_error


def test_at_the_detectable_difference_the_power_is_80_percent() -> None:
    error = share_error(np.array([0.2]), np.array([300.0]), np.array([500.0]))
    assert error == pytest.approx(np.sqrt(0.2 * 0.8 / 300 + 0.2 * 0.8 / 500))
    distance = detectable(error) / error
    shown = norm.sf(norm.ppf(0.975) - distance) + norm.cdf(norm.ppf(0.025) - distance)
    assert shown == pytest.approx(0.8, abs=1e-5)


def test_an_empty_arm_shows_nothing() -> None:
    error = mean_error(np.array([1.0, 1.0]), np.array([4.0, 4.0]), np.array([0.0, 16.0]), np.array([4.0, 16.0]))
    assert np.isnan(error[0])
    assert error[1] == pytest.approx(np.sqrt(1 / 16 + 4 / 16))


def test_the_power_of_a_stated_effect() -> None:
    """The smallest detectable effect has a power of 80 %, none has that of the level, and NaN is not known."""
    error = np.array([0.01, 0.02])
    assert power(float(detectable(error)[0]), error)[0] == pytest.approx(0.8, abs=1e-4)
    assert power(0.0, error) == pytest.approx([0.05, 0.05], abs=1e-4)
    assert power(-0.03, error) == pytest.approx(power(0.03, error))
    assert np.isnan(power(float("nan"), error)).all()
