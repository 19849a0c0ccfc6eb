"""The simulated customers: their kind, size and lifetime, which all tables share, and their accounts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from experiments.simulated_company.planted_segments import PLANTED, PRIORITIES

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DAY = 86_400  # seconds
INDUSTRIES = ("software", "retail", "finance", "health", "manufacturing", "education", "logistics")
INDUSTRY_SHARES = (0.24, 0.2, 0.14, 0.12, 0.13, 0.07, 0.1)
COUNTRIES = ("United States", "Germany", "United Kingdom", "France", "Brazil", "Japan", "Türkiye", "Kenya")
COUNTRY_SHARES = (0.38, 0.15, 0.14, 0.1, 0.08, 0.08, 0.05, 0.02)
FIRST_WORDS = ("Nordlicht", "Ærø", "Blue Harbour", "São Bento", "東雲", "Œuvre", "Kestrel", "Çınar", "Łódź", "Granite")
LAST_WORDS = ("Logistics", "Works", "GmbH", "Labs", "製作所", "& Søn", "Partners", "Éditions", "Holding", "Co-op")
CRM_SYSTEMS = ("none", "Salesforce", "HubSpot", "Pipedrive", "other")
ATTITUDES = ("early adopter", "pragmatist", "sceptic")


@dataclass(frozen=True, slots=True)
class Population:
    """The traits of the customers that all tables share: kind, size, sign-up and end."""

    midnight: np.datetime64  # start of the as-of day
    kind: Integers  # (n,) index into PLANTED
    employees: Integers  # (n,)
    signed_up: Floats  # (n,) days before as_of
    ended: Floats  # (n,) days before as_of; 0 while the subscription runs

    @property
    def ids(self) -> NDArray[np.object_]:
        return np.array([f"C{number:06d}" for number in range(1, self.kind.size + 1)], dtype=object)

    def planted(self, field: str) -> Floats:
        """The planted value of `field` for each customer, shape (n,) or (n, width)."""
        return np.array([getattr(segment, field) for segment in PLANTED], dtype=float)[self.kind]

    def times(self, days_ago: Floats) -> NDArray[np.datetime64]:
        """Moments, to the second, that lie `days_ago` before as_of."""
        return self.midnight - np.ceil(days_ago * DAY).astype("timedelta64[s]").astype("timedelta64[us]")


def draw_population(rng: Generator, customers: int, as_of: datetime.date) -> Population:
    """Draw the customers; segments get their share as exactly as whole numbers allow."""
    exact = np.array([segment.share for segment in PLANTED]) * customers
    sizes = np.floor(exact).astype(np.int64)
    left_over = customers - int(sizes.sum())
    sizes[np.argsort(sizes - exact, kind="stable")[:left_over]] += 1
    kind = rng.permutation(np.repeat(np.arange(len(PLANTED)), sizes))

    shell = Population(np.datetime64(as_of, "us"), kind, kind, exact, exact)
    employees = np.maximum(2, np.rint(shell.planted("employees") * rng.lognormal(0.0, shell.planted("size_spread"))))
    low, high = shell.planted("tenure_days").T
    signed_up = np.exp(rng.uniform(np.log(low), np.log(high)))
    low, high = np.array([segment.ended_days_ago or (0.0, 0.0) for segment in PLANTED])[kind].T
    return Population(shell.midnight, kind, employees.astype(np.int64), signed_up, rng.uniform(low, high))


def draw_accounts(rng: Generator, population: Population) -> pd.DataFrame:
    """One row a customer; a third answered the survey, and a few left out their revenue."""
    n = population.kind.size
    revenue = population.employees * 140_000 * rng.lognormal(0.0, 0.6, n)
    revenue[rng.random(n) < 0.04] = np.nan
    nps = np.clip(np.rint(rng.normal(population.planted("satisfaction"), 1.8)), 0, 10)
    priority = choose(rng, population.planted("priorities"))
    attitude = rng.choice(len(ATTITUDES), n, p=(0.25, 0.55, 0.2))
    silent = rng.random(n) > 0.34
    nps[silent] = np.nan
    names = [
        f"{FIRST_WORDS[first]} {LAST_WORDS[last]}"
        for first, last in zip(
            rng.integers(0, len(FIRST_WORDS), n).tolist(), rng.integers(0, len(LAST_WORDS), n).tolist(), strict=True
        )
    ]
    return pd.DataFrame(
        {
            "account_id": pd.Series(population.ids, dtype="str"),
            "company_name": pd.Series(names, dtype="str"),
            "industry": words(INDUSTRIES, rng.choice(len(INDUSTRIES), n, p=INDUSTRY_SHARES)),
            "country": words(COUNTRIES, rng.choice(len(COUNTRIES), n, p=COUNTRY_SHARES)),
            "employees": population.employees,
            "annual_revenue_usd": np.round(revenue, -3),
            "signed_up_at": population.times(population.signed_up),
            "crm_system": words(CRM_SYSTEMS, rng.choice(len(CRM_SYSTEMS), n, p=(0.35, 0.25, 0.2, 0.08, 0.12))),
            "single_sign_on": rng.random(n) < np.where(population.employees > 250, 0.7, 0.15),
            "survey_nps": nps,
            "survey_priority": words(PRIORITIES, priority).mask(silent),
            "survey_attitude": words(ATTITUDES, attitude).mask(silent),
        }
    )


def spread(counts: Integers) -> tuple[Integers, Integers]:
    """For counts (2, 1): the owner (0, 0, 1) and the position in it (0, 1, 0) of each item."""
    owner = np.repeat(np.arange(counts.size), counts)
    return owner, np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)


def choose(rng: Generator, probabilities: Floats, row: Integers | None = None) -> Integers:
    """One column index for each row of `probabilities` (n, m), or for each entry of `row`."""
    edges = np.cumsum(probabilities, axis=1)[:, :-1]
    row = np.arange(edges.shape[0]) if row is None else row
    draw = rng.random(row.size)
    choice = np.zeros(row.size, dtype=np.int64)
    for column in edges.T:  # one option at a time keeps millions of rows within memory
        choice += draw > column[row]
    return choice


def words(options: Iterable[Any], index: Integers) -> pd.Series:
    """The options at `index`, as a column of text."""
    return pd.Series(np.asarray(list(options), dtype=object), dtype="str").take(index).reset_index(drop=True)
