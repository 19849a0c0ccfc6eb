"""A business-to-business software company whose customers belong to known segments.

Eight kinds of customer (`planted_segments`) leave accounts, subscriptions, usage events and invoices. Discovery never
sees the kinds; that it recovers them from behaviour alone shows that it works.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from numpy.random import PCG64, Generator, SeedSequence

from experiments.simulated_company.billing import dated_subscriptions, draw_invoices, draw_subscriptions
from experiments.simulated_company.planted_segments import PLANTED
from experiments.simulated_company.population import draw_accounts, draw_population, words
from experiments.simulated_company.usage import draw_events
from experiments.simulated_company.written_tables import write_tables
from segment_model.errors import SettingsError


@dataclass(frozen=True, slots=True)
class SimulatedCompany:
    """The raw tables of the company, and which kind each customer was planted as.

    `customers` (survey answers included), `subscriptions`, `events` and `orders` hold what a real company would have,
    with `account_id` as the key; `truth` has `customer_id` and `planted_segment`. Money is in USD, times are UTC and
    lie before `as_of`.
    """

    as_of: datetime.date
    customers: pd.DataFrame
    subscriptions: pd.DataFrame
    events: pd.DataFrame
    orders: pd.DataFrame
    truth: pd.DataFrame


def simulate(customers: int, seed: int, as_of: datetime.date) -> SimulatedCompany:
    """A company of `customers` customers as it stands at the start of the day `as_of`.

    The same arguments give the same tables to the bit. Segments get their share of the customers as exactly as whole
    numbers allow, so that a very small company has its largest segments only.

    Raises
    ------
    SettingsError
        If there is no customer, the seed is negative, or the year of `as_of` lies outside 1990 to 2200.
    """
    if customers < 1:
        raise SettingsError(f"a company needs at least 1 customer, got {customers}")
    if seed < 0:
        raise SettingsError(f"the seed must be 0 or more, got {seed}")
    if not 1990 <= as_of.year <= 2200:
        raise SettingsError(f"as_of must lie between the years 1990 and 2200, got {as_of.isoformat()}")
    # one stream a table, so that a change to one table leaves the others as they were
    who, traits, plans, bills, usage = (Generator(PCG64(child)) for child in SeedSequence(seed).spawn(5))
    people = draw_population(who, customers, as_of)
    stretches = draw_subscriptions(plans, people)
    return SimulatedCompany(
        as_of=as_of,
        customers=draw_accounts(traits, people),
        subscriptions=dated_subscriptions(stretches, people),
        events=draw_events(usage, people),
        orders=draw_invoices(bills, people, stretches),
        truth=pd.DataFrame(
            {
                "customer_id": pd.Series(people.ids, dtype="str"),
                "planted_segment": words([segment.name for segment in PLANTED], people.kind),
            }
        ),
    )


def write_company(company: SimulatedCompany, directory: Path) -> list[Path]:
    """Write the tables as Parquet, the truth beside them, and a settings file ready for `segments discover`.

    Returns the paths written. Tables that are already there are replaced; an edited settings file is not.

    Raises
    ------
    SourceError
        If the directory cannot be written, or holds a `segments.yaml` that says something else.
    """
    tables = {
        "accounts": company.customers,
        "subscriptions": company.subscriptions,
        "events": company.events,
        "invoices": company.orders,
        "truth": company.truth,
    }
    return write_tables(tables, "company.yaml", company.as_of, directory)
