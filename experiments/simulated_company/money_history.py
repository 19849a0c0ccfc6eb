"""Two years of money of a made-up software company: trials, paid terms, their changes, pauses, and extra orders.

The customers belong to the segments of `planted_segments` from the first day to the last, and `planted_money` says
what their money does. Figures that are computed from the tables can so be compared with the truth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

from analytics.month_ends import MonthEnds
from experiments.simulated_company.planted_money import GROWTH, LOSS, PLANTED_MONEY, TRIAL_DAYS, TRIAL_SHARE
from experiments.simulated_company.planted_segments import PLANS, PLANTED
from experiments.simulated_company.population import COUNTRIES, COUNTRY_SHARES, DAY, choose, spread, words
from segment_model.errors import SettingsError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
NEVER = -1  # the end of a term that runs
MEAN_LINES = 2  # of an order, which has 1 to 3
FROM_THE_START = 0.4  # of the customers, the share who pay from the first month on


@dataclass(frozen=True, slots=True)
class MoneyHistory:
    """The tables of the company, and which segment each customer was planted in.

    month_ends : those of the history. customers : `account_id`, `country`. terms : `account_id`, `subscription_id`
    (a customer can have two at a time), `plan`, `mrr_usd`, `is_trial`, `started_at`, `ended_at` (missing while they
    run; of a trial, known beforehand). orders : lines with `account_id`, `order_id`, `ordered_at`, `amount_usd`,
    `cost_usd`. truth : `customer_id`, `planted_segment`. Times are UTC and, but for ends of trials, before `as_of`.
    """

    month_ends: MonthEnds
    customers: pd.DataFrame
    terms: pd.DataFrame
    orders: pd.DataFrame
    truth: pd.DataFrame

    @property
    def as_of(self) -> date:
        """The day at whose start the history ends."""
        return self.month_ends.dates[-1]


def simulate_money(customers: int, seed: int, as_of: date, months: int = 24) -> MoneyHistory:
    """The money of `customers` customers in the `months` months before `as_of`, the first day of a month.

    The same arguments give the same tables to the bit.

    Raises
    ------
    SettingsError
        If there is no customer or month, the seed is negative, or `as_of` is not the first day of a month.
    """
    if customers < 1 or seed < 0:
        raise SettingsError(f"a history needs at least 1 customer and a seed from 0, got {customers} and {seed}")
    if as_of.day != 1:
        raise SettingsError(f"a history ends on the first day of a month, got {as_of.isoformat()}")
    ends = MonthEnds.before(pd.Timestamp(as_of).to_pydatetime(), months)
    # a stream a table, so that a change to one table leaves the others as they were
    who, money, bought = (Generator(PCG64(child)) for child in SeedSequence((seed, 1)).spawn(3))
    kind = _kinds(who, customers)
    clock = _Clock(_starts(ends))
    lives = _draw_lives(money, kind, clock)
    ids = np.array([f"C{number:06d}" for number in range(1, customers + 1)], dtype=object)
    return MoneyHistory(
        month_ends=ends,
        customers=pd.DataFrame(
            {
                "account_id": pd.Series(ids, dtype="str"),
                "country": words(COUNTRIES, who.choice(len(COUNTRIES), customers, p=COUNTRY_SHARES)),
            }
        ),
        terms=_dated_terms(lives, ids),
        orders=_draw_orders(bought, kind, lives.first, clock, ids),
        truth=pd.DataFrame(
            {
                "customer_id": pd.Series(ids, dtype="str"),
                "planted_segment": words([planted.segment for planted in PLANTED_MONEY], kind),
            }
        ),
    )


@dataclass(frozen=True, slots=True)
class _Clock:
    """Seconds since 1970 of the n + 1 month ends."""

    starts: Integers

    @property
    def months(self) -> int:
        return self.starts.size - 1

    def within(self, rng: Generator, month: int, size: int) -> Integers:
        """Moments of a month; every other one is a midnight, as in exports that know days only."""
        first, last = int(self.starts[month]), int(self.starts[month + 1])
        moments = first + (rng.random(size) * (last - first)).astype(np.int64)
        return np.where(rng.random(size) < 0.5, moments - moments % DAY, moments)


@dataclass(slots=True)
class _Lives:
    """The terms as they are drawn, month by month: columns of equal length, in parts."""

    first: Integers  # (n,) the second of each customer's first term, a trial or not
    parts: list[tuple[Integers, Integers, Integers, Floats, Integers, NDArray[np.bool_]]] = field(default_factory=list)

    def add(self, customer: Integers, started: Integers, ended: Integers, monthly: Floats, plan: Integers) -> None:
        self.parts.append((customer, started, ended, monthly, plan, np.zeros(customer.size, dtype=bool)))

    def add_trials(self, customer: Integers, started: Integers, monthly: Floats, plan: Integers) -> None:
        ended = started + TRIAL_DAYS * DAY
        self.parts.append((customer, started, ended, monthly, plan, np.ones(customer.size, dtype=bool)))


def _draw_lives(rng: Generator, kind: Integers, clock: _Clock) -> _Lives:
    """Every customer's terms: first a trial or none, then paid terms with changes, an end, and perhaps a return."""
    n, rates = kind.size, _planted(kind)
    plan = choose(rng, np.array([segment.plans for segment in PLANTED])[kind])
    monthly: Floats = (rates["monthly"] * rng.lognormal(0.0, 0.5, n)).round(2)
    first = _first_starts(rng, n, clock)
    lives = _Lives(first)
    tries = rng.random(n) < TRIAL_SHARE
    lives.add_trials(np.flatnonzero(tries), first[tries], monthly[tries], plan[tries])
    pays = ~tries | (rng.random(n) < rates["converting"])
    paid_from = np.where(tries, first + TRIAL_DAYS * DAY, first)
    since = np.full(n, NEVER)  # the second at which the running term started
    left = np.zeros(n, dtype=bool)
    for month in range(clock.months):
        start, end = clock.starts[month], clock.starts[month + 1]
        draw, moment = rng.random(n), clock.within(rng, month, n)
        paying = since != NEVER
        ends = paying & (draw < rates["churn"])
        grows = paying & ~ends & (draw < rates["churn"] + rates["expansion"])
        shrinks = paying & ~ends & ~grows & (draw < rates["churn"] + rates["expansion"] + rates["contraction"])
        returns = left & (draw < rates["returning"])
        closed = ends | grows | shrinks
        lives.add(np.flatnonzero(closed), since[closed], moment[closed], monthly[closed], plan[closed])
        factor = np.where(grows, 1 + GROWTH, np.where(shrinks, 1 - LOSS, 1.0))
        monthly = (monthly * factor).round(2)
        plan = np.where(grows & (rng.random(n) < 0.2), np.minimum(plan + 1, len(PLANS) - 1), plan)
        begins = pays & ~paying & ~left & (paid_from >= start) & (paid_from < end)
        since = np.where(ends, NEVER, np.where(grows | shrinks | returns, moment, np.where(begins, paid_from, since)))
        left = (left & ~returns) | ends
    running = since != NEVER
    lives.add(np.flatnonzero(running), since[running], np.full(running.sum(), NEVER), monthly[running], plan[running])
    return lives


def _first_starts(rng: Generator, n: int, clock: _Clock) -> Integers:
    """A part of the customers start in the first month, the others evenly over all months."""
    month = np.where(rng.random(n) < FROM_THE_START, 0, rng.integers(0, clock.months, n))
    first = np.empty(n, dtype=np.int64)
    for each in range(clock.months):
        first[month == each] = clock.within(rng, each, int((month == each).sum()))
    return first


def _dated_terms(lives: _Lives, ids: NDArray[np.object_]) -> pd.DataFrame:
    """The terms as the company keeps them; those of every fourth customer are two subscriptions at a time."""
    customer, started, ended, monthly, plan, trial = (np.concatenate(parts) for parts in zip(*lives.parts, strict=True))
    double = (customer % 4 == 3) & ~trial
    seats = np.round(0.3 * monthly, 2)
    whole = pd.DataFrame(
        {"customer": customer, "number": 1, "plan": plan, "trial": trial, "started": started, "ended": ended}
    )
    base = whole.assign(monthly=np.where(double, np.round(monthly - seats, 2), monthly))
    added = whole[double].assign(monthly=seats[double], number=2)
    rows = pd.concat([base, added], ignore_index=True).sort_values(["customer", "started", "number"], kind="stable")
    owner = words(ids, rows["customer"].to_numpy())
    number = words(("-1", "-2"), rows["number"].to_numpy() - 1)
    ends = pd.Series(_moments(rows["ended"].to_numpy()))
    return pd.DataFrame(
        {
            "account_id": owner,
            "subscription_id": owner + number,
            "plan": words(PLANS, rows["plan"].to_numpy()),
            "mrr_usd": rows["monthly"].to_numpy(),
            "is_trial": rows["trial"].to_numpy(),
            "started_at": _moments(rows["started"].to_numpy()),
            "ended_at": ends.mask(rows["ended"].to_numpy() == NEVER),
        }
    )


def _draw_orders(
    rng: Generator, kind: Integers, first: Integers, clock: _Clock, ids: NDArray[np.object_]
) -> pd.DataFrame:
    """Extra orders in every month from the first term on, whether the customer still pays or not; 1 to 3 lines each."""
    rates = _planted(kind)
    owners, moments = [], []
    for month in range(clock.months):
        customer, _ = spread(rng.poisson(rates["orders"]))
        moment = clock.within(rng, month, customer.size)
        later = moment >= first[customer]
        owners.append(customer[later])
        moments.append(moment[later])
    customer, moment = np.concatenate(owners), np.concatenate(moments)
    order = np.lexsort((moment, customer))
    line, _ = spread(rng.integers(1, 2 * MEAN_LINES, order.size))
    owner = customer[order][line]
    amount = np.round(rates["basket"][owner] / MEAN_LINES * rng.lognormal(0.0, 0.8, owner.size), 2)
    cost = amount * (1 - np.clip(rates["margin"][owner] + rng.normal(0.0, 0.1, owner.size), 0.05, 0.95))
    return pd.DataFrame(
        {
            "account_id": words(ids, owner),
            "order_id": pd.Series([f"O{number:07d}" for number in line], dtype="str"),
            "ordered_at": _moments(moment[order][line]),
            "amount_usd": amount,
            "cost_usd": np.round(cost, 2),
        }
    )


def _planted(kind: Integers) -> dict[str, Floats]:
    """The planted numbers of each customer, by name."""
    names = ("churn", "expansion", "contraction", "returning", "converting", "monthly", "orders", "basket", "margin")
    return {name: np.array([getattr(money, name) for money in PLANTED_MONEY], dtype=float)[kind] for name in names}


def _kinds(rng: Generator, customers: int) -> Integers:
    """The segment of each customer: shares as exactly as whole numbers allow."""
    exact = np.array([segment.share for segment in PLANTED]) * customers
    sizes = np.floor(exact).astype(np.int64)
    sizes[np.argsort(sizes - exact, kind="stable")[: customers - int(sizes.sum())]] += 1
    return rng.permutation(np.repeat(np.arange(len(PLANTED)), sizes))


def _starts(ends: MonthEnds) -> Integers:
    return np.array(ends.dates, dtype="datetime64[s]").astype(np.int64)


def _moments(seconds: Iterable[int]) -> NDArray[np.datetime64]:
    return np.asarray(seconds, dtype=np.int64).astype("datetime64[s]").astype("datetime64[us]")
