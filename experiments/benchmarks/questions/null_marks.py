"""The share of experiments without any effect that raise a mark: 5 % by their correction, whatever their sizes."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd

from analytics.experiments.effects import KEYS, MEAN, RATE, ArmEffects, arm_effects
from analytics.history import EVERYONE
from analytics.intervals.pair_sums import PairSums

SEGMENTS = tuple("abcdef")
ARMS = ("control", "mail")
FLOOR = 10


def null_marks(experiments: int = 200) -> dict[str, object]:
    """The shares of rates and of means of skewed money; `null_marks` is the larger one."""
    rates = share_marked(arm_effects(null_rates(experiments), "control", RATE, FLOOR))
    means = share_marked(arm_effects(null_money(experiments), "control", MEAN, FLOOR))
    return {"null_marks": max(rates, means), "null_marks_rates": rates, "null_marks_means": means}


def share_marked(effects: ArmEffects) -> float:
    """The share of experiments with a mark, or with a segment named as the best."""
    marked = effects.rows["mark"].ne("").groupby(effects.rows["experiment"]).any()
    named = effects.interactions["best"].ne("").groupby(effects.interactions["experiment"]).any()
    return float((marked | named).mean())


def null_rates(experiments: int) -> pd.DataFrame:
    """Sums of experiments whose segments have sizes and rates of their own, the same in both arms."""
    rows: dict[tuple[str, str, str], tuple[float, float]] = {}
    for seed in range(experiments):
        generator = np.random.default_rng(seed)
        rates = generator.uniform(0.03, 0.7, len(SEGMENTS))
        customers = generator.integers(60, 1_200, len(SEGMENTS))
        first = generator.binomial(customers, 0.5)
        sizes = np.stack([first, customers - first])
        reached = generator.binomial(sizes, rates)
        for arm, own_reached, own_sizes in zip(ARMS, reached.tolist(), sizes.tolist(), strict=True):
            groups = dict(zip(SEGMENTS, zip(own_reached, own_sizes, strict=True), strict=True))
            groups[EVERYONE] = (sum(own_reached), sum(own_sizes))
            rows |= {(f"e{seed}", arm, group): pair for group, pair in groups.items()}
    hits, n = (np.array(column, dtype=float) for column in zip(*rows.values(), strict=True))
    return pd.DataFrame(vars(PairSums.of_counts(hits, n)), index=pd.MultiIndex.from_tuples(rows, names=KEYS))


def null_money(experiments: int) -> pd.DataFrame:
    """Sums of experiments with log-normal money of 150 customers an arm and segment, the same in both arms."""
    rows: dict[tuple[str, str, str], np.ndarray[tuple[int], np.dtype[np.float64]]] = {}
    for seed in range(experiments):
        money = np.random.default_rng(10_000 + seed).lognormal(3, 1, (2, len(SEGMENTS), 150))
        for arm, own in zip(ARMS, money, strict=True):
            groups = {**dict(zip(SEGMENTS, own, strict=True)), EVERYONE: own.ravel()}
            rows |= {
                (f"e{seed}", arm, group): np.concatenate([*vars(PairSums.of_sample(each, np.ones_like(each))).values()])
                for group, each in groups.items()
            }
    names = [column.name for column in fields(PairSums)]
    return pd.DataFrame([*rows.values()], columns=names, index=pd.MultiIndex.from_tuples(rows, names=KEYS))
