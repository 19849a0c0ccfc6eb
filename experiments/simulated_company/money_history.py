"""Two years of money of a made-up software company: trials, paid terms, their changes, pauses, and extra orders.

The customers belong to the segments of `planted_segments` from the first day to the last, and `planted_money` says
what their money does. Figures that are computed from the tables can so be compared with the truth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

from analytics.month_ends import MonthEnds
from experiments.simulated_company.paying_lives import NEVER, Clock, Floats, Integers, Lives, Rates, draw_lives
from experiments.simulated_company.planted_money import PLANTED_MONEY
from experiments.simulated_company.planted_segments import PLANS, PLANTED
from experiments.simulated_company.population import COUNTRIES, COUNTRY_SHARES, spread, words
from segment_model.errors import SettingsError

PLAN_STEP = 0.2  # the share of expansions that take the next plan
MEAN_LINES = 2  # of an order, which has 1 to 3


@dataclass(frozen=True, slots=True)
class MoneyHistory:
    """The tables of the company, and which segment each customer was planted in.

    month_ends : those of the history. customers : `account_id`, `country`. terms : `account_id`, `subscription_id`
    (a customer can have two at a time), `plan`, `mrr_usd`, `is_trial`, `started_at`, `ended_at` (missing while they
    run; of a trial, known beforehand). orders : lines with `account_id`, `order_id`, `ordered_at`, `amount_usd`,
    `cost_usd`. truth : `customer_id`, `planted_segment`. Times are UTC and, except ends of trials, before `as_of`.
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
    kind = draw_kinds(who, customers)
    clock = Clock(month_starts(ends))
    lives = draw_lives(money, clock, _segment_rates(kind))
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
        orders=draw_orders(bought, kind, lives.first, clock, ids),
        truth=pd.DataFrame(
            {
                "customer_id": pd.Series(ids, dtype="str"),
                "planted_segment": words([planted.segment for planted in PLANTED_MONEY], kind),
            }
        ),
    )


def _dated_terms(lives: Lives, ids: NDArray[np.object_]) -> pd.DataFrame:
    """The terms as the company keeps them; those of every fourth customer are two subscriptions at a time."""
    drawn = lives.table()
    customer, monthly, trial = (drawn[name].to_numpy() for name in ("customer", "monthly", "trial"))
    double = (customer % 4 == 3) & ~trial
    seats = np.round(0.3 * monthly, 2)
    whole = drawn[["customer", "plan", "trial", "started", "ended"]].assign(number=1)
    base = whole.assign(monthly=np.where(double, np.round(monthly - seats, 2), monthly))
    added = whole[double].assign(monthly=seats[double], number=2)
    rows = pd.concat([base, added], ignore_index=True).sort_values(["customer", "started", "number"], kind="stable")
    owner = words(ids, rows["customer"].to_numpy())
    number = words(("-1", "-2"), rows["number"].to_numpy() - 1)
    ends = pd.Series(moments_at(rows["ended"].to_numpy()))
    return pd.DataFrame(
        {
            "account_id": owner,
            "subscription_id": owner + number,
            "plan": words(PLANS, rows["plan"].to_numpy()),
            "mrr_usd": rows["monthly"].to_numpy(),
            "is_trial": rows["trial"].to_numpy(),
            "started_at": moments_at(rows["started"].to_numpy()),
            "ended_at": ends.mask(rows["ended"].to_numpy() == NEVER),
        }
    )


def draw_orders(
    rng: Generator, kind: Integers, first: Integers, clock: Clock, ids: NDArray[np.object_]
) -> pd.DataFrame:
    """Extra orders in every month from the first term on, whether the customer still pays or not; 1 to 3 lines each."""
    rates = planted_numbers(kind)
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
            "ordered_at": moments_at(moment[order][line]),
            "amount_usd": amount,
            "cost_usd": np.round(cost, 2),
        }
    )


def _segment_rates(kind: Integers) -> Rates:
    """The planted rates of each customer's segment, the same in every month."""
    numbers = planted_numbers(kind)
    churn_and_expansion = (numbers["churn"], numbers["expansion"])
    return Rates(
        plans_of(kind),
        numbers["monthly"],
        numbers["converting"],
        numbers["contraction"],
        numbers["returning"],
        PLAN_STEP,
        lambda _: churn_and_expansion,
    )


def plans_of(kind: Integers) -> Floats:
    """The probability of each plan, (n, plans)."""
    return np.array([segment.plans for segment in PLANTED], dtype=float)[kind]


def planted_numbers(kind: Integers) -> dict[str, Floats]:
    """The planted numbers of each customer, by name."""
    names = ("churn", "expansion", "contraction", "returning", "converting", "monthly", "orders", "basket", "margin")
    return {name: np.array([getattr(money, name) for money in PLANTED_MONEY], dtype=float)[kind] for name in names}


def draw_kinds(rng: Generator, customers: int) -> Integers:
    """The segment of each customer: shares as exactly as whole numbers allow."""
    exact = np.array([segment.share for segment in PLANTED]) * customers
    sizes = np.floor(exact).astype(np.int64)
    sizes[np.argsort(sizes - exact, kind="stable")[: customers - int(sizes.sum())]] += 1
    return rng.permutation(np.repeat(np.arange(len(PLANTED)), sizes))


def month_starts(ends: MonthEnds) -> Integers:
    return np.array(ends.dates, dtype="datetime64[s]").astype(np.int64)


def moments_at(seconds: Iterable[int]) -> NDArray[np.datetime64]:
    return np.asarray(seconds, dtype=np.int64).astype("datetime64[s]").astype("datetime64[us]")
