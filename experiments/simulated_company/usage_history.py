"""The events of the company's history: while terms run, in the months in which a customer uses the product."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from experiments.simulated_company.paying_lives import NEVER, Clock, Flags, Floats, Integers
from experiments.simulated_company.planted_rates import MARGIN
from experiments.simulated_company.planted_segments import EVENT_NAMES, FEATURES, PLANTED
from experiments.simulated_company.population import DAY, choose, spread, words

LAST_DAYS = 25 * DAY  # of a month of use: at least one event lies in them
DEVICES = ("desktop", "mobile", "tablet", "server")
BUSIEST = 14.0  # mean days of use in a month


def draw_history_events(
    rng: Generator, kind: Integers, idle: Flags, terms: pd.DataFrame, clock: Clock, ids: NDArray[np.object_]
) -> pd.DataFrame:
    """The event log by customer and time: `account_id`, `occurred_at`, `event_name`, `feature`, `device`, `quantity`.

    terms : as `Lives.table` gives them. The first event of a run of terms lies at its start.
    """
    customer, month = np.nonzero(~idle)
    activity = np.array([segment.activity for segment in PLANTED])[kind]
    days = rng.poisson(np.maximum(0.5, BUSIEST * activity * rng.lognormal(0.0, 0.2, kind.size))[customer])
    pair, _ = spread(days)
    first, last = clock.starts[month] + MARGIN, clock.starts[month + 1] - MARGIN
    certain = _between(rng, clock.starts[month + 1] - LAST_DAYS, last)
    started = np.concatenate((customer, customer[pair]))
    session = np.concatenate((certain, _between(rng, first[pair], last[pair])))
    many, _ = spread(1 + rng.poisson(np.array([segment.events_per_day - 1.0 for segment in PLANTED])[kind][started]))
    owner, moment = started[many], session[many] + (rng.exponential(900.0, many.size)).astype(np.int64)
    paid = _while_terms_run(owner, moment, terms)
    runs = _starts_of_runs(terms)
    owner = np.concatenate((owner[paid], runs["customer"].to_numpy()))
    moment = np.concatenate((moment[paid], runs["started"].to_numpy()))
    order = np.lexsort((moment, owner))
    owner, moment = owner[order], moment[order]
    habits: Floats = rng.gamma(np.array([segment.feature_weights for segment in PLANTED])[kind] * 2.0 + 0.02)
    feature = choose(rng, habits / habits.sum(axis=1, keepdims=True), owner)
    machine = np.array([segment.machine for segment in PLANTED])[kind][owner]
    device = np.where(machine, 3, np.searchsorted((0.74, 0.94), rng.random(owner.size)))
    return pd.DataFrame(
        {
            "account_id": words(ids, owner),
            "occurred_at": moment.astype("datetime64[s]").astype("datetime64[us]"),
            "event_name": words(EVENT_NAMES, feature),
            "feature": words(FEATURES, feature),
            "device": words(DEVICES, device),
            "quantity": rng.geometric(0.6, owner.size),
        }
    )


def _between(rng: Generator, first: Integers, last: Integers) -> Integers:
    """Moments of whole seconds from `first` up to `last`, less the hours that the events of a session may take."""
    length = last - first - DAY // 4
    return first + (rng.random(first.size) * length).astype(np.int64)


def _while_terms_run(owner: Integers, moment: Integers, terms: pd.DataFrame) -> Flags:
    """Whether a term of the owner runs at each moment."""
    rows = terms.sort_values(["customer", "started"], kind="stable")
    base = np.int64(1) << 33  # more seconds than any moment
    starts = rows["customer"].to_numpy() * base + rows["started"].to_numpy()
    before = np.maximum(np.searchsorted(starts, owner * base + moment, side="right") - 1, 0)
    own = rows["customer"].to_numpy()[before] == owner
    ended = rows["ended"].to_numpy()[before]
    begun = rows["started"].to_numpy()[before] <= moment
    running: Flags = own & begun & ((ended == NEVER) | (moment < ended))
    return running


def _starts_of_runs(terms: pd.DataFrame) -> pd.DataFrame:
    """The terms that follow no other one at once."""
    rows = terms.sort_values(["customer", "started"], kind="stable")
    follows = (rows["customer"].shift() == rows["customer"]) & (rows["ended"].shift() == rows["started"])
    return rows[~follows]
