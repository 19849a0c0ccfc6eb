"""The event log: on which days each customer uses the product, when, and which of its features."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator

from experiments.simulated_company.planted_segments import EVENT_NAMES, FEATURES, PLANTED
from experiments.simulated_company.population import Integers, Population, choose, spread, words

EVENT_LOG_DAYS = 92  # the company keeps its event log this long
CUSTOMERS_AT_ONCE = 50_000  # bounds the memory of the day by day activity table


def draw_events(rng: Generator, population: Population) -> pd.DataFrame:
    """The event log of the last `EVENT_LOG_DAYS` days, by customer and time."""
    n = population.kind.size
    starts = range(0, n, CUSTOMERS_AT_ONCE)
    days = [_days_of_use(rng, population, slice(start, start + CUSTOMERS_AT_ONCE)) for start in starts]
    user = np.concatenate([pair[0] for pair in days])
    day = np.concatenate([pair[1] for pair in days])

    busy = np.maximum(1.0, population.planted("events_per_day") * rng.lognormal(0.0, 0.15, n))
    stretch, _ = spread(1 + rng.poisson(busy[user] - 1.0))
    customer = user[stretch]
    machine = population.planted("machine")[customer] > 0
    afternoon = rng.random(stretch.size) < 0.35
    session = np.where(afternoon, rng.normal(14.5, 1.3, user.size)[stretch], rng.normal(9.5, 1.0, user.size)[stretch])
    hour = session + rng.exponential(0.15, stretch.size)
    hour[machine] = rng.uniform(0.0, 24.0, int(machine.sum()))
    days_ago = day[stretch] - np.clip(hour, 0.0, 23.99) / 24.0
    order = np.lexsort((-days_ago, customer))
    customer, days_ago, machine = customer[order], days_ago[order], machine[order]

    # each customer has their own habits around those of their kind
    habits = rng.gamma(np.maximum(population.planted("feature_weights") * 2.0, 0.02))
    feature = choose(rng, habits / habits.sum(axis=1, keepdims=True), customer)
    device = np.where(machine, 3, np.searchsorted((0.74, 0.94), rng.random(customer.size)))
    quantity = np.where(machine, rng.geometric(0.02, customer.size), rng.geometric(0.6, customer.size))
    filled = population.planted("seats_filled")
    monthly = np.bincount(customer, quantity, n) * 30.0 / np.minimum(population.signed_up, EVENT_LOG_DAYS)
    allowance = np.ceil(monthly / rng.beta(20.0 * filled, 20.0 * (1.0 - filled)) / 10.0) * 10.0
    return pd.DataFrame(
        {
            "account_id": words(population.ids, customer),
            "occurred_at": population.times(days_ago),
            "event_name": words(EVENT_NAMES, feature),
            "feature": words(FEATURES, feature),
            "device": words(("desktop", "mobile", "tablet", "server"), device),
            "quantity": quantity,
            "monthly_allowance": allowance[customer].astype(np.int64),
        }
    )


def _days_of_use(rng: Generator, population: Population, chunk: slice) -> tuple[Integers, Integers]:
    """The customers of the chunk and the days (1 = yesterday) on which each used the product, as two long arrays."""
    ago = np.arange(1, EVENT_LOG_DAYS + 1)
    dates = pd.DatetimeIndex(population.midnight - ago.astype("timedelta64[D]").astype("timedelta64[us]"))
    rhythm = np.array(
        [
            np.where(dates.day_of_week < 5, 1.0, segment.weekend)
            * np.exp(-segment.growth * ago / 60.0)
            * (np.isin((dates + pd.Timedelta(days=2)).day, (1, 2, 3, 4)) if segment.month_end_only else 1.0)
            for segment in PLANTED
        ]
    )
    kind = population.kind[chunk]
    low, high = population.planted("quiet_days")[chunk].T
    quiet = np.maximum(rng.uniform(low, high), population.ended[chunk] + 1.0)
    level = population.planted("activity")[chunk]
    odds = level / (1.0 - level) * rng.lognormal(0.0, 0.25, kind.size)
    chance = (odds / (1.0 + odds))[:, None] * rhythm[kind]
    chance[(ago < quiet[:, None]) | (ago > population.signed_up[chunk][:, None] - 1.0)] = 0.0
    user, day = np.nonzero(rng.random(chance.shape, dtype=np.float32) < chance)
    return user + chunk.start, ago[day]
