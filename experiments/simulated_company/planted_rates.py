"""The chances of the company's history, month by month: who is idle, whose seats are nearly full, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.random import Generator

from experiments.simulated_company.paying_lives import Clock, Flags, Floats, Integers, MonthStart, Rates
from experiments.simulated_company.planted_money import PLANTED_MONEY
from experiments.simulated_company.planted_odds import (
    CHURN,
    CONTRACTION,
    ENTRY_PLAN,
    MID_PLAN,
    NEAR_LIMIT,
    NOISE_CHURN,
    NOISE_CONVERTING,
    NOISE_UPGRADE,
    RETURNING,
    SETTLED_DAYS,
    UPGRADE,
    PlantedOdds,
)
from experiments.simulated_company.planted_segments import PLANS, PLANTED
from experiments.simulated_company.population import DAY

MARGIN = 3 * DAY  # no event lies so near a month's borders, so that a month without use is 30 days without an event
NEAR_SHARES = {"scale-ups near their seat limit": 0.75}
NEAR_SHARE = 0.35  # of the other segments
BECOMES_IDLE, STAYS_IDLE = 0.24, 0.5  # of a month
ANY_PLANS = np.array((0.6, 0.38, 0.02, 0.0))  # of anyone; two thirds of what decides the first plan, beside the segment
NOISE_MONTHLY = 300.0  # USD


@dataclass(frozen=True, slots=True)
class Habits:
    """What is drawn before the money: months without use, and the seats of each term.

    idle : (n, months), whether a customer leaves the product alone all month; made false in `PlantedChances` where a
    run of terms began in that month. seats, seats_used : (n, months + 1), by the number of the term.
    """

    idle: Flags
    seats: Integers
    seats_used: Integers


def draw_habits(rng: Generator, kind: Integers, months: int) -> Habits:
    """Idle months follow each other more often than chance; they and the seats are the same in both companies."""
    n, terms = kind.size, months + 1
    idle = np.zeros((n, months), dtype=bool)
    before = rng.random(n) < BECOMES_IDLE
    for month in range(months):
        before = idle[:, month] = rng.random(n) < np.where(before, STAYS_IDLE, BECOMES_IDLE)
    shares = np.array([NEAR_SHARES.get(segment.name, NEAR_SHARE) for segment in PLANTED])[kind]
    near = rng.random((n, terms)) < shares[:, None]
    filled = np.where(near, rng.uniform(0.84, 0.98, (n, terms)), rng.uniform(0.2, 0.74, (n, terms)))
    employees = np.array([segment.employees * segment.seat_adoption for segment in PLANTED])[kind]
    first = np.maximum(8.0, employees * rng.lognormal(0.0, 0.3, n))
    seats = np.rint(first[:, None] * 1.15 ** np.arange(terms)).astype(np.int64)
    return Habits(idle, seats, np.maximum(1, np.floor(filled * seats)).astype(np.int64))


@dataclass(frozen=True, slots=True)
class PlantedChances:
    """The planted chances of each customer and month; `noise` gives everyone the same ones.

    The chances of all months are kept in `churn` and `upgrade`, (n, months), NaN where a customer does not pay.
    """

    clock: Clock
    habits: Habits
    noise: bool
    churn: Floats
    upgrade: Floats

    @classmethod
    def of(cls, clock: Clock, habits: Habits, noise: bool) -> Self:
        """No chance of any month yet."""
        unknown = np.full(habits.idle.shape, np.nan)
        return cls(clock, habits, noise, unknown, unknown.copy())

    @property
    def paying(self) -> Flags:
        """Who pays at the start of each month, (n, months)."""
        return ~np.isnan(self.churn)

    def of_month(self, start: MonthStart) -> tuple[Floats, Floats]:
        """The chances of the month that starts, of all customers; kept for those who pay."""
        moment = self.clock.starts[start.month]
        leaves = self._idle(start) & (start.plan == PLANS.index(ENTRY_PLAN))
        days = moment // DAY - start.first // DAY
        everyone, term = np.arange(start.plan.size), np.minimum(start.terms, self.habits.seats.shape[1] - 1)
        filled = self.habits.seats_used[everyone, term] / self.habits.seats[everyone, term]
        grows = (start.plan == PLANS.index(MID_PLAN)) & (days >= SETTLED_DAYS) & (filled >= NEAR_LIMIT)
        churn = self._chances(leaves, CHURN, NOISE_CHURN)
        upgrade = self._chances(grows, UPGRADE, NOISE_UPGRADE)
        self.churn[start.paying, start.month] = churn[start.paying]
        self.upgrade[start.paying, start.month] = upgrade[start.paying]
        return churn, upgrade

    def _idle(self, start: MonthStart) -> Flags:
        """Who had no event in the month before; the first day of a run of terms has one."""
        if start.month == 0:
            return np.zeros(start.plan.size, dtype=bool)
        idle = self.habits.idle[:, start.month - 1]
        idle &= start.running_since < self.clock.starts[start.month - 1] - MARGIN
        return idle

    def _chances(self, named: Flags, odds: PlantedOdds, noise: float) -> Floats:
        if self.noise:
            return np.full(named.size, noise)
        return np.where(named, odds.chance * odds.factor, odds.chance)


def rates_of(kind: Integers, chances: PlantedChances) -> Rates:
    """The rates of customers of these kinds, whose chances of each month are the planted ones."""
    n = kind.size
    plans = np.array([segment.plans for segment in PLANTED])[kind]
    monthly = np.array([money.monthly for money in PLANTED_MONEY], dtype=float)[kind]
    converting = np.array([money.converting for money in PLANTED_MONEY])[kind]
    return Rates(
        plans=np.tile(ANY_PLANS, (n, 1)) if chances.noise else (plans + 2 * ANY_PLANS) / 3,
        monthly=np.full(n, NOISE_MONTHLY) if chances.noise else monthly,
        converting=np.full(n, NOISE_CONVERTING) if chances.noise else converting,
        contraction=np.full(n, CONTRACTION),
        returning=np.full(n, RETURNING),
        plan_step=1.0,
        churn_and_expansion=chances.of_month,
    )
