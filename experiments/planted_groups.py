"""Customers in planted groups that are truly apart: what a discovery must find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from segments.contract import Column, Kind, VectorContract

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

FEWEST, MOST = 300, 5000
MOST_ERROR = 0.02  # of the model that made the customers, in every group
SMALLEST_GROUP = 30
CATEGORY_SIGNAL = 0.3


@dataclass(frozen=True)
class CustomerTable:
    """Customer vectors with the group (n,) that each customer was drawn from."""

    name: str
    frame: pd.DataFrame
    contract: VectorContract
    truth: Indices


def customer_table(name: str, frame: pd.DataFrame, columns: tuple[Column, ...], truth: Indices) -> CustomerTable:
    """The frame as customer vectors: an id for each row, the types of the contract."""
    typed = {c.name: frame[c.name].astype("str" if c.is_category else np.float64) for c in columns}
    index = pd.Index([f"customer {number}" for number in range(len(frame))], dtype="str", name="customer_id")
    return CustomerTable(name, pd.DataFrame(typed).set_axis(index), VectorContract(columns), truth)


def planted_groups(seed: int) -> CustomerTable:
    """2 to 9 Gaussian groups of unequal sizes and spreads in 4 to 12 correlated columns, a third of them skewed.

    The groups are drawn apart until the model that made them errs on at most 2% of each group's customers. They share
    their correlations: groups that differ in these alone lie in one place, and no gap parts them.
    """
    generator = np.random.default_rng([2, seed])
    groups, width = int(generator.integers(2, 10)), int(generator.integers(4, 13))
    truth, shares = _sizes(groups, generator)
    shared = random_covariance(width, generator)
    covariances = [shared * spread**2 for spread in generator.uniform(0.75, 1.3, groups)]
    means = _apart(generator.normal(size=(groups, width)), covariances, shares, generator)
    values = _drawn(means, covariances, truth, generator)
    skewed = np.arange(width) % 3 == 0
    scale = values[:, skewed].std(axis=0)
    values[:, skewed] = np.expm1(4 + values[:, skewed] / scale)  # spread out as money is
    columns = tuple(Column(f"column_{number}", Kind.NUMBER) for number in range(width))
    frame = pd.DataFrame(values, columns=[column.name for column in columns])
    return customer_table(f"{groups} groups in {width} columns", frame, columns, truth)


def mixed_groups(seed: int) -> CustomerTable:
    """3 to 6 groups in 6 numbers and 4 categories, 30% of the signal in the categories.

    Signal is Jeffreys' divergence, averaged over pairs of groups: it adds up over independent columns.
    """
    generator = np.random.default_rng([3, seed])
    groups, numbers, categories, levels = int(generator.integers(3, 7)), 6, 4, 4
    truth, shares = _sizes(groups, generator)
    covariance = random_covariance(numbers, generator)
    means = _apart(generator.normal(size=(groups, numbers)), [covariance] * groups, shares, generator)
    precision = np.linalg.inv(covariance)
    pairs = [(a, b) for a in range(groups) for b in range(a)]
    signal = np.mean([(means[a] - means[b]) @ precision @ (means[a] - means[b]) for a, b in pairs])
    wanted = float(signal) * CATEGORY_SIGNAL / (1 - CATEGORY_SIGNAL)
    liked = generator.normal(size=(categories, groups, levels))
    low, high = 0.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _divergence(middle * liked, pairs) < wanted else (low, middle)
    chances = _softmax(low * liked)
    values = _drawn(means, [covariance] * groups, truth, generator)
    frame = pd.DataFrame(values, columns=[f"number_{number}" for number in range(numbers)])
    for category in range(categories):
        drawn = [generator.choice(levels, p=chances[category, group]) for group in truth]
        frame[f"category_{category}"] = [f"level {level}" for level in drawn]
    columns = tuple(
        Column(str(name), Kind.CATEGORY if str(name).startswith("category") else Kind.NUMBER) for name in frame.columns
    )
    return customer_table(f"{groups} mixed groups", frame, columns, truth)


def random_covariance(width: int, generator: np.random.Generator) -> Floats:
    """A random correlation matrix: (width, width); correlations mostly between -0.5 and 0.5."""
    factors = generator.normal(size=(width, 3))
    covariance = factors @ factors.T + generator.uniform(2, 6) * np.eye(width)
    spread = np.sqrt(np.diag(covariance))
    result: Floats = covariance / np.outer(spread, spread)
    return result


def _sizes(groups: int, generator: np.random.Generator) -> tuple[Indices, Floats]:
    """The group of each customer, and the share of each group; the largest is several times the smallest."""
    count = int(np.exp(generator.uniform(np.log(FEWEST), np.log(MOST))))
    count = max(count, 2 * SMALLEST_GROUP * groups)
    free = generator.multinomial(count - SMALLEST_GROUP * groups, generator.dirichlet(np.full(groups, 3.0)))
    truth = np.repeat(np.arange(groups), free + SMALLEST_GROUP)
    return generator.permutation(truth), (free + SMALLEST_GROUP) / count


def _apart(directions: Floats, covariances: list[Floats], shares: Floats, generator: np.random.Generator) -> Floats:
    """The directions, made longer until the true model errs on at most `MOST_ERROR` of each group."""
    length = 1.0
    while _error(length * directions, covariances, shares, generator) > MOST_ERROR:
        length *= 1.1
    return length * directions


def _error(means: Floats, covariances: list[Floats], shares: Floats, generator: np.random.Generator) -> float:
    """The share of the worst group that the rule of greatest posterior probability puts elsewhere."""
    models = [multivariate_normal(mean, covariance) for mean, covariance in zip(means, covariances, strict=True)]
    worst = 0.0
    for group, model in enumerate(models):
        values = model.rvs(1000, random_state=generator)
        posterior = np.column_stack([m.logpdf(values) + np.log(s) for m, s in zip(models, shares, strict=True)])
        worst = max(worst, float(np.mean(posterior.argmax(axis=1) != group)))
    return worst


def _drawn(means: Floats, covariances: list[Floats], truth: Indices, generator: np.random.Generator) -> Floats:
    values = np.empty((len(truth), means.shape[1]))
    for group, (mean, covariance) in enumerate(zip(means, covariances, strict=True)):
        rows = truth == group
        values[rows] = generator.multivariate_normal(mean, covariance, int(rows.sum()))
    return values


def _softmax(scores: Floats) -> Floats:
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    result: Floats = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return result


def _divergence(scores: Floats, pairs: list[tuple[int, int]]) -> float:
    """Jeffreys' divergence between groups, averaged over pairs, of (categories, groups, levels) scores."""
    chances = np.clip(_softmax(scores), 1e-12, 1)
    logs = np.log(chances)
    return float(np.mean([((chances[:, a] - chances[:, b]) * (logs[:, a] - logs[:, b])).sum() for a, b in pairs]))
