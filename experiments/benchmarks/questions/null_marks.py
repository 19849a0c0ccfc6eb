"""The share of experiments without any effect that raise a mark: 5 % by their correction, whatever their sizes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.experiments.comparison import KEYS, Key
from analytics.experiments.effects import ArmEffects, arm_effects
from analytics.experiments.means import Means
from analytics.experiments.rates import Rates
from analytics.groups import SEGMENT
from analytics.history import EVERYONE
from analytics.intervals.pair_sums import Numbers

SEGMENTS = tuple("abcdef")
ARMS = ("control", "mail")
FLOOR = 10


def null_marks(experiments: int = 200) -> dict[str, object]:
    """The shares of rates and of means of skewed money; `null_marks` is the larger one."""
    rates = share_marked(arm_effects(null_rates(experiments), "control", FLOOR))
    means = share_marked(arm_effects(null_money(experiments), "control", FLOOR))
    return {"null_marks": max(rates, means), "null_marks_rates": rates, "null_marks_means": means}


def share_marked(effects: ArmEffects) -> float:
    """The share of experiments with a mark, or with a segment named as the best."""
    marked = effects.rows["mark"].ne("").groupby(effects.rows["experiment"]).any()
    named = effects.interactions["best"].ne("").groupby(effects.interactions["experiment"]).any()
    return float((marked | named).mean())


def null_rates(experiments: int) -> Rates:
    """Those of experiments whose segments have sizes and rates of their own, the same in both arms."""
    rows: dict[Key, tuple[float, float]] = {}
    for seed in range(experiments):
        generator = np.random.default_rng(seed)
        rates = generator.uniform(0.03, 0.7, len(SEGMENTS))
        customers = generator.integers(60, 1_200, len(SEGMENTS))
        first = generator.binomial(customers, 0.5)
        sizes = np.stack([first, customers - first])
        reached = generator.binomial(sizes, rates)
        for arm, own_reached, own_sizes in zip(ARMS, reached.tolist(), sizes.tolist(), strict=True):
            pairs = zip(own_reached, own_sizes, strict=True)
            rows |= {(f"e{seed}", arm, SEGMENT, group): pair for group, pair in zip(SEGMENTS, pairs, strict=True)}
            rows[f"e{seed}", arm, EVERYONE, EVERYONE] = (sum(own_reached), sum(own_sizes))
    index = pd.MultiIndex.from_tuples(rows, names=KEYS)
    return Rates(pd.DataFrame([*rows.values()], columns=["reached", "n"], index=index))


def null_money(experiments: int) -> Means:
    """Log-normal money of 150 customers an arm and segment, the same in both arms."""
    customers: dict[Key, Numbers] = {}
    for seed in range(experiments):
        money = np.random.default_rng(10_000 + seed).lognormal(3, 1, (2, len(SEGMENTS), 150))
        for arm, own in zip(ARMS, money, strict=True):
            customers |= {(f"e{seed}", arm, SEGMENT, group): each for group, each in zip(SEGMENTS, own, strict=True)}
            customers[f"e{seed}", arm, EVERYONE, EVERYONE] = own.ravel()
    return Means(customers)
