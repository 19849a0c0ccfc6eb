"""Subscriptions with their plan changes, and the invoices that follow from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator

from experiments.simulated_company.planted_segments import PLANS, SEAT_PRICES
from experiments.simulated_company.population import Floats, Integers, Population, choose, spread, words


def draw_subscriptions(rng: Generator, population: Population) -> pd.DataFrame:
    """One row for each stretch of unchanged plan and seats; times are still in days before as_of.

    The history is made backwards from today's plan: before an upgrade there were fewer seats, before a downgrade more.
    """
    n = population.kind.size
    changes = np.minimum(rng.poisson(population.planted("plan_changes")), 9)
    customer, position = spread(changes + 1)
    last = position == changes[customer]

    # the newest change is either recent or somewhere in the time before; older ones lie anywhere before it
    length = population.signed_up - population.ended
    newest = np.where(
        rng.random(n) < population.planted("recent_change"),
        rng.uniform(5.0, 80.0, n),
        rng.uniform(95.0, 95.0 + population.signed_up),
    )
    newest = np.where(newest < 0.9 * length, newest, 0.5 * length) + population.ended
    fraction = rng.random(customer.size)
    started = newest[customer] + fraction * (population.signed_up - newest)[customer]
    started[last] = newest
    started[position == 0] = population.signed_up
    order = np.lexsort((-started, customer))
    started = started[order]
    ended = np.where(last, population.ended[customer], np.roll(started, -1))

    grew = np.where(rng.random(customer.size) < population.planted("upgrade_share")[customer], 1.0, -1.0)
    step = grew * rng.uniform(0.35, 0.6, customer.size)  # log growth of the seats at the start of the stretch
    plan_step = grew * (rng.random(customer.size) < 0.2)
    seats_now = np.maximum(
        3.0, population.employees * population.planted("seat_adoption") * rng.lognormal(0.0, 0.25, n)
    )
    seats = np.maximum(1, np.rint(seats_now[customer] * np.exp(-_later(step, customer)))).astype(np.int64)
    plan_now = choose(rng, population.planted("plans"))
    plan = np.clip(plan_now[customer] - _later(plan_step, customer), 0, len(PLANS) - 1).astype(np.int64)
    discount = rng.beta(1.5, 12.0, n)[customer]
    filled = population.planted("seats_filled")
    used = np.rint(seats * rng.beta(30.0 * filled, 30.0 * (1.0 - filled))[customer]).astype(np.int64)
    return pd.DataFrame(
        {
            "customer": customer,
            "plan": plan,
            "mrr_usd": np.round(seats * np.array(SEAT_PRICES)[plan] * (1.0 - discount), 2),
            "seats_used": np.clip(used, 1, seats),
            "seats_allowed": seats,
            "started": started,
            "ended": ended,
        }
    )


def dated_subscriptions(subscriptions: pd.DataFrame, population: Population) -> pd.DataFrame:
    """The subscriptions as the company keeps them, with moments and names."""
    ended = pd.Series(population.times(subscriptions["ended"].to_numpy()))
    return pd.DataFrame(
        {
            "account_id": words(population.ids, subscriptions["customer"].to_numpy()),
            "plan": words(PLANS, subscriptions["plan"].to_numpy()),
            "mrr_usd": subscriptions["mrr_usd"],
            "seats_used": subscriptions["seats_used"],
            "seats_allowed": subscriptions["seats_allowed"],
            "started_at": population.times(subscriptions["started"].to_numpy()),
            "ended_at": ended.mask(subscriptions["ended"] == 0.0),
        }
    )


def draw_invoices(rng: Generator, population: Population, subscriptions: pd.DataFrame) -> pd.DataFrame:
    """Invoices of every stretch, with a little metered use on top; one in 250 is credited in part some days later."""
    owner = subscriptions["customer"].to_numpy()
    cycle = population.planted("invoice_cycle_days")[owner]
    started, ended = subscriptions["started"].to_numpy(), subscriptions["ended"].to_numpy()
    first = started - np.minimum(0.01, 0.5 * (started - ended))  # a quarter of an hour after the stretch starts
    stretch, position = spread(np.ceil((first - ended) / cycle).astype(np.int64))
    issued = first[stretch] - position * cycle[stretch]
    monthly = subscriptions["mrr_usd"].to_numpy()[stretch]
    amount = monthly * cycle[stretch] / 30.0 * (1.0 + rng.gamma(0.5, 0.08, stretch.size))

    credited = np.flatnonzero((rng.random(stretch.size) < 0.004) & (issued > 12.0))
    customer = np.concatenate((owner[stretch], owner[stretch[credited]]))
    days_ago = np.concatenate((issued, issued[credited] - rng.uniform(2.0, 10.0, credited.size)))
    total = np.concatenate((amount, -amount[credited] * rng.uniform(0.1, 0.6, credited.size)))
    order = np.lexsort((-days_ago, customer))
    return pd.DataFrame(
        {
            "account_id": words(population.ids, customer[order]),
            "invoice_id": pd.Series([f"INV-{number:08d}" for number in range(1, order.size + 1)], dtype="str"),
            "issued_at": population.times(days_ago[order]),
            "amount_usd": np.round(total[order], 2),
        }
    )


def _later(step: Floats, owner: Integers) -> Floats:
    """The sum of the steps of the same owner that come after each item."""
    total = np.cumsum(step)
    at_end = total[np.searchsorted(owner, owner, side="right") - 1]
    return np.asarray(at_end - total)
