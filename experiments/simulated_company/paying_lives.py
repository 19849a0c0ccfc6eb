"""The paying life of each customer, month by month: a trial or none, paid terms with changes, an end, a return."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from experiments.simulated_company.planted_money import GROWTH, LOSS, TRIAL_DAYS, TRIAL_SHARE
from experiments.simulated_company.planted_segments import PLANS
from experiments.simulated_company.population import DAY, choose

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
NEVER = -1  # the end of a term that runs
FROM_THE_START = 0.4  # of the customers, the share who pay from the first month on


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds since 1970 of the n + 1 month ends."""

    starts: Integers

    @property
    def months(self) -> int:
        """How many months the history has."""
        return self.starts.size - 1

    def within(self, rng: Generator, month: int, size: int) -> Integers:
        """Moments of a month; every other one is a midnight, as in exports that know days only."""
        first, last = int(self.starts[month]), int(self.starts[month + 1])
        moments = first + (rng.random(size) * (last - first)).astype(np.int64)
        return np.where(rng.random(size) < 0.5, moments - moments % DAY, moments)


@dataclass(frozen=True, slots=True)
class MonthStart:
    """The customers at the start of a month; arrays of length n.

    month : its position. paying : whether a paid term runs. plan : index into `PLANS`. terms : how many terms were
    closed before. first, running_since : seconds since 1970 of the first term, and of the first of those without a gap.
    """

    month: int
    paying: Flags
    plan: Integers
    terms: Integers
    first: Integers
    running_since: Integers


@dataclass(frozen=True, slots=True)
class Rates:
    """How likely what is to whom; arrays of length n.

    plans : (n, plans), the probability of each of `PLANS` at first. monthly : median MRR of the first term in USD.
    converting : of a trial. contraction, returning : of a month. plan_step : the share of expansions that take the
    next plan. churn_and_expansion : the chances of the month that starts.
    """

    plans: Floats
    monthly: Floats
    converting: Floats
    contraction: Floats
    returning: Floats
    plan_step: float
    churn_and_expansion: Callable[[MonthStart], tuple[Floats, Floats]]


@dataclass(slots=True)
class Lives:
    """The terms as they are drawn, month by month: columns of equal length, in parts."""

    first: Integers  # (n,) the second of each customer's first term, a trial or not
    parts: list[tuple[Integers, Integers, Integers, Floats, Integers, Flags, Integers]] = field(default_factory=list)

    def add(
        self, customer: Integers, started: Integers, ended: Integers, monthly: Floats, plan: Integers, number: Integers
    ) -> None:
        """Add paid terms; `number` counts the paid terms of a customer from 0."""
        self.parts.append((customer, started, ended, monthly, plan, np.zeros(customer.size, dtype=bool), number))

    def add_trials(self, customer: Integers, started: Integers, monthly: Floats, plan: Integers) -> None:
        """Add trials, whose end is known beforehand."""
        ended, none = started + TRIAL_DAYS * DAY, np.zeros(customer.size, dtype=np.int64)
        self.parts.append((customer, started, ended, monthly, plan, np.ones(customer.size, dtype=bool), none))

    def table(self) -> pd.DataFrame:
        """The terms in the order in which they were drawn; `ended` is `NEVER` while they run."""
        names = ("customer", "started", "ended", "monthly", "plan", "trial", "number")
        return pd.DataFrame(
            {name: np.concatenate(parts) for name, parts in zip(names, zip(*self.parts, strict=True), strict=True)}
        )


def draw_lives(rng: Generator, clock: Clock, rates: Rates) -> Lives:
    """Every customer's terms: first a trial or none, then paid terms with changes, an end, and perhaps a return."""
    n = rates.monthly.size
    plan = choose(rng, rates.plans)
    monthly: Floats = (rates.monthly * rng.lognormal(0.0, 0.5, n)).round(2)
    first = _first_starts(rng, n, clock)
    lives = Lives(first)
    tries = rng.random(n) < TRIAL_SHARE
    lives.add_trials(np.flatnonzero(tries), first[tries], monthly[tries], plan[tries])
    pays = ~tries | (rng.random(n) < rates.converting)
    paid_from = np.where(tries, first + TRIAL_DAYS * DAY, first)
    since = np.full(n, NEVER)  # the second at which the running term started
    running_since, closed_terms = first.copy(), np.zeros(n, dtype=np.int64)
    left = np.zeros(n, dtype=bool)
    for month in range(clock.months):
        start, end = clock.starts[month], clock.starts[month + 1]
        draw, moment = rng.random(n), clock.within(rng, month, n)
        paying = since != NEVER
        state = MonthStart(month, paying, plan, closed_terms, first, running_since)
        churn, expansion = rates.churn_and_expansion(state)
        ends = paying & (draw < churn)
        grows = paying & ~ends & (draw < churn + expansion)
        shrinks = paying & ~ends & ~grows & (draw < churn + expansion + rates.contraction)
        returns = left & (draw < rates.returning)
        closed = ends | grows | shrinks
        lives.add(
            np.flatnonzero(closed), since[closed], moment[closed], monthly[closed], plan[closed], closed_terms[closed]
        )
        factor = np.where(grows, 1 + GROWTH, np.where(shrinks, 1 - LOSS, 1.0))
        monthly = (monthly * factor).round(2)
        plan = np.where(grows & (rng.random(n) < rates.plan_step), np.minimum(plan + 1, len(PLANS) - 1), plan)
        begins = pays & ~paying & ~left & (paid_from >= start) & (paid_from < end)
        since = np.where(ends, NEVER, np.where(grows | shrinks | returns, moment, np.where(begins, paid_from, since)))
        running_since = np.where(returns, moment, running_since)
        closed_terms = closed_terms + closed
        left = (left & ~returns) | ends
    running = since != NEVER
    never = np.full(running.sum(), NEVER)
    lives.add(np.flatnonzero(running), since[running], never, monthly[running], plan[running], closed_terms[running])
    return lives


def _first_starts(rng: Generator, n: int, clock: Clock) -> Integers:
    """A part of the customers start in the first month, the others evenly over all months."""
    month = np.where(rng.random(n) < FROM_THE_START, 0, rng.integers(0, clock.months, n))
    first = np.empty(n, dtype=np.int64)
    for each in range(clock.months):
        first[month == each] = clock.within(rng, each, int((month == each).sum()))
    return first
