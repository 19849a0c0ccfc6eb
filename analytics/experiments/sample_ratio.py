"""Sample-ratio mismatch: whether the arms have the sizes that were planned.

An experiment whose arms are of another ratio lost customers on the way to one of them, and its effects are not to be
trusted (Fabijan et al., "Diagnosing sample ratio mismatch in online controlled experiments", KDD 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import chisquare

LEVEL = 0.001  # as is usual for this test, which is made once an experiment and shall rarely be wrong


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """The customers of each arm, those expected, and p of the chi-square test; NaN for fewer than two arms."""

    customers: Mapping[str, int]
    expected: Mapping[str, float]
    p: float

    @property
    def is_mismatch(self) -> bool:
        """Whether the effects are not to be trusted."""
        return bool(self.p < LEVEL)


def sample_ratio(customers: Mapping[str, int], shares: Mapping[str, float] | None = None) -> SampleRatio:
    """The test of the arms' sizes.

    shares : the planned ones, which add up to 1; None: all arms that have customers are of one size. An arm that is not
    planned was expected to have nobody, so that p is 0 where somebody is in it.
    """
    planned = dict.fromkeys(customers, 1 / len(customers)) if shares is None and customers else dict(shares or {})
    total = sum(customers.values())
    expected = {arm: total * share for arm, share in planned.items()} | dict.fromkeys(customers.keys() - planned, 0.0)
    present = {arm: customers.get(arm, 0) for arm in expected}
    if any(present[arm] and not expected[arm] for arm in present):
        return SampleRatio(present, expected, 0.0)
    arms = [arm for arm in expected if expected[arm] > 0]
    if len(arms) < 2:
        return SampleRatio(present, expected, float("nan"))
    p = chisquare(np.array([present[arm] for arm in arms]), np.array([expected[arm] for arm in arms])).pvalue
    return SampleRatio(present, expected, float(p))
