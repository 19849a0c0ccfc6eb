"""Generated customers in well-separated groups, which a discovery must find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from segment_model.contract import Column, Kind, VectorContract

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

FEWEST, MOST = 300, 5000
MOST_ERROR = 0.02  # of the generating model, in every group
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


@dataclass(frozen=True)
class GroupModel:
    """The distribution of customers: in each group Gaussian numbers, and categories independent of them.

    means : (groups, numbers). covariances : one (numbers, numbers) a group. shares : (groups,), of the customers.
    chances : (categories, groups, levels); no categories where there are none.
    """

    means: Floats
    covariances: list[Floats]
    shares: Floats
    chances: Floats = field(default_factory=lambda: np.empty((0, 0, 0)))

    def errors(self, draws: int, generator: np.random.Generator, numbers_alone: bool = False) -> Floats:
        """(groups,) the share of each group's customers that the rule of greatest posterior probability, which knows
        this model, puts elsewhere; of fresh `draws` a group. numbers_alone : that rule does not see the categories."""
        chances = self.chances[:0] if numbers_alone else self.chances
        logs = np.log(chances)
        models = [multivariate_normal(mean, spread) for mean, spread in zip(self.means, self.covariances, strict=True)]
        wrong = []
        for group, model in enumerate(models):
            values = model.rvs(draws, random_state=generator)
            posterior = np.column_stack([m.logpdf(values) for m in models]) + np.log(self.shares)
            for category, drawn in enumerate(_levels(chances, np.full(draws, group), generator)):
                posterior += logs[category][:, drawn].T
            wrong.append(float(np.mean(posterior.argmax(axis=1) != group)))
        return np.array(wrong)

    @property
    def signal(self) -> tuple[float, float]:
        """Jeffreys' divergence between groups, averaged over pairs: of the numbers (groups that share a covariance),
        and of the categories. It adds up over independent columns."""
        pairs = [(a, b) for a in range(len(self.means)) for b in range(a)]
        precision = np.linalg.inv(self.covariances[0])
        steps = np.array([self.means[a] - self.means[b] for a, b in pairs])
        numbers = float(np.mean(np.einsum("pi,ij,pj->p", steps, precision, steps)))
        return numbers, _divergence(self.chances, pairs) if len(self.chances) else 0.0


def planted_groups(seed: int) -> CustomerTable:
    """2 to 9 Gaussian groups of unequal sizes and spreads in 4 to 12 correlated columns, a third of them skewed.

    The groups are drawn apart until the model that made them errs on at most 2% of each group's customers. They share
    their correlations: groups that differ in these alone lie in one place, and no gap parts them.
    """
    generator = np.random.default_rng([2, seed])
    model, truth = planted_model(generator)
    groups, width = model.means.shape
    values = _drawn(model, truth, generator)
    skewed = np.arange(width) % 3 == 0
    scale = values[:, skewed].std(axis=0)
    values[:, skewed] = np.expm1(4 + values[:, skewed] / scale)  # spread out as money is; the groups stay as far apart
    columns = tuple(Column(f"column_{number}", Kind.NUMBER) for number in range(width))
    frame = pd.DataFrame(values, columns=[column.name for column in columns])
    return customer_table(f"{groups} groups in {width} columns", frame, columns, truth)


def planted_model(generator: np.random.Generator) -> tuple[GroupModel, Indices]:
    """The groups of `planted_groups` before a third of the columns is skewed, and the group of each customer."""
    groups, width = int(generator.integers(2, 10)), int(generator.integers(4, 13))
    truth, shares = _sizes(groups, generator)
    shared = random_covariance(width, generator)
    covariances = [shared * spread**2 for spread in generator.uniform(0.75, 1.3, groups)]
    directions = generator.normal(size=(groups, width))
    return _apart(lambda length: GroupModel(length * directions, covariances, shares), 1000, generator), truth


def mixed_groups(seed: int) -> CustomerTable:
    """3 to 6 groups in 6 numbers and 4 categories, 30% of the signal (Jeffreys' divergence) in the categories.

    Numbers and categories are drawn apart together, until the model that made them errs on at most 2% of each group's
    customers. The best rule that sees the numbers alone errs far more often.
    """
    generator = np.random.default_rng([5, seed])
    model, truth = mixed_model(generator)
    groups, numbers = model.means.shape
    frame = pd.DataFrame(_drawn(model, truth, generator), columns=[f"number_{number}" for number in range(numbers)])
    for category, drawn in enumerate(_levels(model.chances, truth, generator)):
        frame[f"category_{category}"] = [f"level {level}" for level in drawn]
    columns = tuple(
        Column(str(name), Kind.CATEGORY if str(name).startswith("category") else Kind.NUMBER) for name in frame.columns
    )
    return customer_table(f"{groups} mixed groups", frame, columns, truth)


def mixed_model(generator: np.random.Generator) -> tuple[GroupModel, Indices]:
    """The groups of `mixed_groups`, and the group of each customer."""
    groups, numbers, categories, levels = int(generator.integers(3, 7)), 6, 4, 4
    truth, shares = _sizes(groups, generator)
    covariance = random_covariance(numbers, generator)
    directions = generator.normal(size=(groups, numbers))
    liked = generator.normal(size=(categories, groups, levels))

    def model(length: float) -> GroupModel:
        apart = GroupModel(length * directions, [covariance] * groups, shares)
        wanted = apart.signal[0] * CATEGORY_SIGNAL / (1 - CATEGORY_SIGNAL)
        low, high = 0.0, 50.0
        for _ in range(60):
            middle = (low + high) / 2
            tried = replace(apart, chances=_softmax(middle * liked))
            low, high = (middle, high) if tried.signal[1] < wanted else (low, middle)
        return replace(apart, chances=_softmax(low * liked))

    return _apart(model, 4000, generator), truth


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


def _apart(model: Callable[[float], GroupModel], draws: int, generator: np.random.Generator) -> GroupModel:
    """The model of a length, made longer until the true model errs on at most `MOST_ERROR` of each group."""
    length = 1.0
    while model(length).errors(draws, generator).max() > MOST_ERROR:
        length *= 1.1
    return model(length)


def _drawn(model: GroupModel, truth: Indices, generator: np.random.Generator) -> Floats:
    """(n, numbers) numbers for customers of these groups."""
    values = np.empty((len(truth), model.means.shape[1]))
    for group, (mean, covariance) in enumerate(zip(model.means, model.covariances, strict=True)):
        rows = truth == group
        values[rows] = generator.multivariate_normal(mean, covariance, int(rows.sum()))
    return values


def _levels(chances: Floats, truth: Indices, generator: np.random.Generator) -> Iterator[Indices]:
    """For each category (n,) levels for customers of these groups."""
    for each in chances:
        steps = each.cumsum(axis=1)[truth, :-1]
        yield (generator.random(len(truth))[:, None] > steps).sum(axis=1)


def _softmax(scores: Floats) -> Floats:
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    result: Floats = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return result


def _divergence(chances: Floats, pairs: list[tuple[int, int]]) -> float:
    """Jeffreys' divergence between groups, averaged over pairs, of (categories, groups, levels) chances."""
    kept = np.clip(chances, 1e-12, 1)
    logs = np.log(kept)
    return float(np.mean([((kept[:, a] - kept[:, b]) * (logs[:, a] - logs[:, b])).sum() for a, b in pairs]))
