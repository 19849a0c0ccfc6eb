"""Months of history of a made-up software company, with planted odds, experiments, and missing survey answers.

Customers on the entry plan who are idle leave more often, those on the mid plan who are near their limit upgrade more
often, and some experiments work: `planted_odds` says how much. A company of pure noise has the same tables, in which
nothing that happens to a customer depends on anything else about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

from analytics.month_ends import MonthEnds
from experiments.simulated_company.experiment_history import draw_experiments
from experiments.simulated_company.money_history import draw_kinds, draw_orders, moments_at, month_starts
from experiments.simulated_company.paying_lives import NEVER, Clock, Integers, draw_lives
from experiments.simulated_company.planted_odds import ADD_ON
from experiments.simulated_company.planted_rates import Habits, PlantedChances, draw_habits, rates_of
from experiments.simulated_company.planted_segments import PLANS, PLANTED
from experiments.simulated_company.population import DAY, Population, draw_accounts, words
from experiments.simulated_company.usage_history import draw_history_events
from experiments.simulated_company.written_tables import write_tables
from segment_model.errors import SettingsError

FEWEST_MONTHS = 9  # the experiments lie in the last 7
ROLES, ROLE_SHARES = ("owner", "administrator", "analyst", "viewer"), (0.3, 0.25, 0.25, 0.2)
CONTACT_DEVICES, DEVICE_SHARES = ("desktop", "mobile", "tablet"), (0.6, 0.3, 0.1)
AGES, AGE_SHARES = ("under 30", "30 to 44", "45 to 59", "60 and over"), (0.25, 0.4, 0.25, 0.1)
ADD_ON_PRICE = 49.0  # USD
BASE_PRODUCT = "services"
SILENT_ABOUT_AGE = 0.3


@dataclass(frozen=True, slots=True)
class CompanyHistory:
    """The tables of the company, and the truth behind them.

    month_ends : those of the history. customers : one row an account, with survey answers, role and device of the
    contact. terms : `account_id`, `plan`, `mrr_usd`, `seats_used`, `seats_allowed`, `is_trial`, `started_at`,
    `ended_at`. events : as the simulated company has them. orders : `account_id`, `order_id`, `product`, `ordered_at`,
    `amount_usd`, `cost_usd`. experiments : `customer_id`, `experiment`, `arm`, `exposed_at`. truth : `customer_id`,
    `planted_segment`. chances : `customer_id`, `as_of` (a month end), `churn`, `upgrade`: the planted chances of the
    month that follows, of each customer who pays. Times are UTC and, except ends of trials, before `as_of`.
    """

    month_ends: MonthEnds
    customers: pd.DataFrame
    terms: pd.DataFrame
    events: pd.DataFrame
    orders: pd.DataFrame
    experiments: pd.DataFrame
    truth: pd.DataFrame
    chances: pd.DataFrame

    @property
    def as_of(self) -> date:
        """The day at whose start the history ends."""
        return self.month_ends.dates[-1]


def simulate_history(
    customers: int, seed: int, as_of: date, months: int = 18, *, noise: bool = False
) -> CompanyHistory:
    """The company's history of the `months` months before `as_of`, the first day of a month.

    The same arguments give the same tables to the bit. With `noise` no relation is planted: usage, seats and attributes
    still differ by segment, but money, goals and experiments do not depend on them.

    Raises
    ------
    SettingsError
        If there is no customer, too few months, the seed is negative, or `as_of` is not the first day of a month.
    """
    if customers < 1 or seed < 0:
        raise SettingsError(f"a history needs at least 1 customer and a seed from 0, got {customers} and {seed}")
    if as_of.day != 1:
        raise SettingsError(f"a history ends on the first day of a month, got {as_of.isoformat()}")
    if months < FEWEST_MONTHS:
        raise SettingsError(f"a history with experiments needs at least {FEWEST_MONTHS} months, got {months}")
    ends = MonthEnds.before(pd.Timestamp(as_of).to_pydatetime(), months)
    clock = Clock(month_starts(ends))
    # a stream a table, so that a change to one table leaves the others as they were
    streams = (Generator(PCG64(child)) for child in SeedSequence((seed, 2)).spawn(8))
    who, before, money, use, bought, tried, traits, contacts = streams
    kind = draw_kinds(who, customers)
    habits = draw_habits(before, kind, months)
    chances = PlantedChances.of(clock, habits, noise)
    lives = draw_lives(money, clock, rates_of(kind, chances))
    drawn = lives.table()
    people = _population(who, kind, lives.first, as_of)
    exposed, add_ons = draw_experiments(tried, kind, chances.paying, lives.first, clock, noise)
    base_kind = np.zeros_like(kind) if noise else kind
    return CompanyHistory(
        month_ends=ends,
        customers=_accounts(traits, contacts, people).assign(signed_up_at=moments_at(lives.first)),
        terms=_terms(drawn, habits, people.ids),
        events=draw_history_events(use, kind, habits.idle, drawn, clock, people.ids),
        orders=_orders(draw_orders(bought, base_kind, lives.first, clock, people.ids), add_ons, people.ids),
        experiments=_exposures(exposed, people.ids),
        truth=pd.DataFrame(
            {
                "customer_id": pd.Series(people.ids, dtype="str"),
                "planted_segment": words([segment.name for segment in PLANTED], kind),
            }
        ),
        chances=_chances(chances, ends, people.ids),
    )


def write_history(history: CompanyHistory, directory: Path) -> list[Path]:
    """Write the tables as Parquet, the truth beside them, and a settings file ready for `segments discover`.

    Returns the paths written. Tables that are already there are replaced; an edited settings file is not.

    Raises
    ------
    SourceError
        If the directory cannot be written, or holds a `segments.yaml` that says something else.
    """
    tables = {
        "accounts": history.customers,
        "subscriptions": history.terms,
        "events": history.events,
        "orders": history.orders,
        "experiments": history.experiments,
        "truth": history.truth,
        "truth_chances": history.chances,
    }
    return write_tables(tables, "company_history.yaml", history.as_of, directory)


def _population(rng: Generator, kind: Integers, first: Integers, as_of: date) -> Population:
    """The customers as the tables of accounts take them; who has left keeps what they answered."""
    midnight = np.datetime64(as_of, "us")
    shell = Population(midnight, kind, kind, np.zeros(kind.size), np.zeros(kind.size))
    size = shell.planted("employees") * rng.lognormal(0.0, shell.planted("size_spread"))
    signed_up = (midnight.astype("datetime64[s]").astype(np.int64) - first) / DAY
    employees = np.maximum(2, np.rint(size)).astype(np.int64)
    return Population(midnight, kind, employees, signed_up, np.zeros(kind.size))


def _accounts(traits: Generator, contacts: Generator, people: Population) -> pd.DataFrame:
    """The accounts, and who speaks for them: role, device, and an age that three in ten keep to themselves."""
    n = people.kind.size
    ages = words(AGES, contacts.choice(len(AGES), n, p=AGE_SHARES))
    return draw_accounts(traits, people).assign(
        contact_role=words(ROLES, contacts.choice(len(ROLES), n, p=ROLE_SHARES)),
        contact_device=words(CONTACT_DEVICES, contacts.choice(len(CONTACT_DEVICES), n, p=DEVICE_SHARES)),
        contact_age=ages.mask(contacts.random(n) < SILENT_ABOUT_AGE),
    )


def _terms(drawn: pd.DataFrame, habits: Habits, ids: NDArray[np.object_]) -> pd.DataFrame:
    rows = drawn.sort_values(["customer", "started"], kind="stable")
    customer, number = rows["customer"].to_numpy(), rows["number"].to_numpy()
    number = np.minimum(number, habits.seats.shape[1] - 1)
    ends = pd.Series(moments_at(rows["ended"].to_numpy()))
    return pd.DataFrame(
        {
            "account_id": words(ids, customer),
            "plan": words(PLANS, rows["plan"].to_numpy()),
            "mrr_usd": rows["monthly"].to_numpy(),
            "seats_used": habits.seats_used[customer, number],
            "seats_allowed": habits.seats[customer, number],
            "is_trial": rows["trial"].to_numpy(),
            "started_at": moments_at(rows["started"].to_numpy()),
            "ended_at": ends.mask(rows["ended"].to_numpy() == NEVER),
        }
    )


def _orders(base: pd.DataFrame, add_ons: pd.DataFrame, ids: NDArray[np.object_]) -> pd.DataFrame:
    added = pd.DataFrame(
        {
            "account_id": words(ids, add_ons["customer"].to_numpy()),
            "order_id": pd.Series([f"A{number:07d}" for number in range(1, len(add_ons) + 1)], dtype="str"),
            "ordered_at": moments_at(add_ons["moment"].to_numpy()),
            "amount_usd": ADD_ON_PRICE,
            "cost_usd": 0.0,
            "product": ADD_ON,
        }
    )
    columns = ["account_id", "order_id", "product", "ordered_at", "amount_usd", "cost_usd"]
    rows = pd.concat([base.assign(product=BASE_PRODUCT), added], ignore_index=True)
    rows = rows.astype({"product": "str"})[columns]
    return rows.sort_values(["account_id", "ordered_at", "order_id"], kind="stable", ignore_index=True)


def _exposures(exposed: pd.DataFrame, ids: NDArray[np.object_]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": words(ids, exposed["customer"].to_numpy()),
            "experiment": exposed["experiment"].astype("str"),
            "arm": exposed["arm"].astype("str"),
            "exposed_at": moments_at(exposed["moment"].to_numpy()),
        }
    )


def _chances(chances: PlantedChances, ends: MonthEnds, ids: NDArray[np.object_]) -> pd.DataFrame:
    """One row for each customer and month at whose start they pay."""
    customer, month = np.nonzero(chances.paying)
    moments = np.array(ends.dates[:-1], dtype="datetime64[us]")
    return pd.DataFrame(
        {
            "customer_id": words(ids, customer),
            "as_of": moments[month],
            "churn": chances.churn[customer, month],
            "upgrade": chances.upgrade[customer, month],
        }
    )
