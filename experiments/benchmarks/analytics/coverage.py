"""How often a 95 % interval holds the true value: customers drawn again and again from companies whose truth is known.

A customer is one draw of a pair (x, y), such as the money that it adds in a month and that at its start; a figure is
made of the ratio of their sums. Money is skewed: log-normal, where the highest tenth of the customers bring a third.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from analytics.intervals.estimates import (
    Complement,
    Estimate,
    RatioOfMoney,
    RatioOfSums,
    Retained,
    clustered_share,
    money_share,
)
from analytics.intervals.pair_sums import PairSums
from analytics.options import Z_95

Floats = NDArray[np.float64]
NUMBERS = (30, 100, 300, 1000, 3000)  # of customers
SPREAD = 1.0  # standard deviation of the log of money
CHURN, GROWING, SHRINKING = 0.08, 0.1, 0.05  # of customers, in the period
GROWTH, LOSS = 0.3, 0.2
COST = 0.6  # mean share of an order's money
SEED = 2026


@dataclass(frozen=True)
class Company:
    """Customers of whom a figure is known.

    draw : n customers as x and y, each (n,). estimate : the figure with its interval, by the customers' sums.
    """

    figure: str
    draw: Callable[[Generator, int], tuple[Floats, Floats]]
    estimate: Callable[[PairSums], Estimate]
    truth: float


def money(generator: Generator, n: int) -> Floats:
    """Log-normal money of mean 1."""
    return np.exp(generator.normal(-(SPREAD**2) / 2, SPREAD, n))


def _paying(generator: Generator, n: int) -> tuple[Floats, Floats]:
    return money(generator, n), np.ones(n)


def _leaving(generator: Generator, n: int) -> tuple[Floats, Floats]:
    return (generator.random(n) < CHURN).astype(float), np.ones(n)


def _changing(generator: Generator, n: int) -> tuple[Floats, Floats]:
    """The money added or lost, and that at the start."""
    before, draw = money(generator, n), generator.random(n)
    edges = np.cumsum([CHURN, GROWING, SHRINKING])
    changes = np.array([-1.0, GROWTH, -LOSS, 0.0])
    return before * changes[np.searchsorted(edges, draw, side="right")], before


def _losing(generator: Generator, n: int) -> tuple[Floats, Floats]:
    change, before = _changing(generator, n)
    return np.maximum(-change, 0.0), before


def _earning(generator: Generator, n: int) -> tuple[Floats, Floats]:
    revenue = money(generator, n)
    return revenue * (1.0 - generator.beta(10 * COST, 10 * (1 - COST), n)), revenue


LOSSES = CHURN + SHRINKING * LOSS
COMPANIES = (
    Company("arpa", _paying, RatioOfSums, 1.0),
    Company("churn_rate", _leaving, clustered_share, CHURN),
    Company("nrr", _changing, Retained, 1.0 - LOSSES + GROWING * GROWTH),
    Company("grr", _losing, lambda sums: Complement(money_share(sums)), 1.0 - LOSSES),
    Company("revenue_churn", _losing, money_share, LOSSES),
    Company("margin", _earning, RatioOfMoney, 1.0 - COST),
)


def coverage(company: Company, customers: int, draws: int) -> float:
    """The share of draws of `customers` customers whose interval holds the truth; one without an interval does not."""
    generator = np.random.default_rng((SEED, customers))
    held = 0
    for _ in range(draws):
        sums = PairSums.of_sample(*company.draw(generator, customers))
        (low,), (high,) = company.estimate(sums).limits(Z_95)
        held += bool(low <= company.truth <= high)
    return held / draws


def coverage_figures(draws: int) -> dict[str, Any]:
    """The coverage of each figure's interval at each number of customers, and the least and the most of all.

    Returns
    -------
    dict
        `interval_coverage` is the least, `interval_coverage_most` the most, `..._by_figure` all of them.
    """
    table = {company.figure: {n: coverage(company, n, draws) for n in NUMBERS} for company in COMPANIES}
    print(f"coverage of 95 % intervals in {draws} draws of so many customers")
    print(f"{'':16}" + "".join(f"{n:>8}" for n in NUMBERS))
    for figure, by_number in table.items():
        print(f"{figure:16}" + "".join(f"{share:8.3f}" for share in by_number.values()))
    shares = [share for by_number in table.values() for share in by_number.values()]
    return {
        "interval_coverage": min(shares),
        "interval_coverage_most": max(shares),
        "interval_coverage_by_figure": {name: {str(n): c for n, c in own.items()} for name, own in table.items()},
    }
