"""Folders of tables and settings, ready for `segments discover`, on which the analyst's record is looked at.

`python -m experiments.everyday_tables.analyst_folders NAME FOLDER` writes one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from experiments.benchmarks.shared_data import EXTERNAL
from experiments.everyday_tables import companies
from experiments.everyday_tables.companies import Company
from experiments.everyday_tables.extracts import TELCO, TELCO_FILE
from experiments.simulated_company.money_history import simulate_money
from segment_model.errors import SourceError

AS_OF = date(2026, 7, 1)
ACCOUNTS = 2000
SEED = 1


@dataclass(frozen=True)
class AnalystFolder:
    """The content of a settings file, as plain values, and the tables by file name."""

    content: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]

    def write(self, folder: Path) -> Path:
        """Write the tables as Parquet and `segments.yaml` beside them; returns the path of the settings."""
        folder.mkdir(parents=True, exist_ok=True)
        for file, table in self.tables.items():
            table.to_parquet(folder / file, index=False)
        settings = folder / "segments.yaml"
        settings.write_text(yaml.safe_dump(dict(self.content), sort_keys=False, allow_unicode=True), encoding="utf-8")
        return settings


def money_history(accounts: int = ACCOUNTS) -> AnalystFolder:
    """Two years of trials, terms and orders of customers with planted rates."""
    history = simulate_money(accounts, SEED, AS_OF)
    account = {"customer_id": "account_id"}
    content = {
        "title": "Two years of a software company's money",
        "as_of": AS_OF,
        "sources": {
            "customers": {
                "file": "customers.parquet",
                "columns": account,
                "attributes": {"country": {"kind": "category", "group": "geographic"}},
            },
            "subscriptions": {"file": "terms.parquet", "columns": account | {"mrr": "mrr_usd", "trial": "is_trial"}},
            "orders": {"file": "orders.parquet", "columns": account | {"amount": "amount_usd", "cost": "cost_usd"}},
        },
        "features": {"currency": "USD"},
        "registry": {"model_name": "money-history"},
    }
    tables = {"customers": history.customers, "terms": history.terms, "orders": history.orders}
    return AnalystFolder(content, {f"{name}.parquet": table for name, table in tables.items()})


def ravenstack() -> AnalystFolder | None:
    """A made-up software company of 500 accounts with overlapping subscriptions; None where the data is absent.

    Its tables fit each other badly: most usage lies before its subscription starts, and nine accounts in ten never end
    one. It is good for schema and joins, not for judging segments.
    """
    source = EXTERNAL / "ravenstack"
    if not source.exists():
        return None
    names = ("accounts", "subscriptions", "feature_usage")
    accounts, subscriptions, usage = (pd.read_parquet(source / f"{name}.parquet") for name in names)
    usage = usage.merge(subscriptions[["subscription_id", "account_id"]], on="subscription_id")
    account = {"customer_id": "account_id"}
    content = {
        "title": "Accounts of Ravenstack",
        "as_of": date(2025, 1, 1),
        "sources": {
            "customers": {
                "file": "accounts.parquet",
                "columns": account | {"known_at": "signup_date"},
                "attributes": {
                    "industry": {"kind": "category", "group": "firmographic"},
                    "country": {"kind": "category", "group": "geographic"},
                    "referral_source": {"kind": "category"},
                },
            },
            "subscriptions": {
                "file": "subscriptions.parquet",
                "columns": account
                | {
                    "started_at": "start_date",
                    "ended_at": "end_date",
                    "mrr": "mrr_amount",
                    "plan": "plan_tier",
                    "trial": "is_trial",
                },
            },
            "events": {
                "file": "feature_usage.parquet",
                "columns": account
                | {"occurred_at": "usage_date", "feature": "feature_name", "quantity": "usage_count"},
            },
        },
        "features": {"currency": "USD"},
        "registry": {"model_name": "ravenstack"},
    }
    tables = {"accounts": accounts, "subscriptions": subscriptions, "feature_usage": usage}
    return AnalystFolder(content, {f"{name}.parquet": table for name, table in tables.items()})


def telco() -> AnalystFolder | None:
    """Customers of a telephone company, one row each and without dates; None where the data is absent."""
    path = EXTERNAL / TELCO_FILE
    if not path.exists():
        return None
    content = {
        "title": "Customers of a telephone company",
        "sources": {"vectors": {"file": path.name, **TELCO}},
        "registry": {"model_name": "telco"},
    }
    return AnalystFolder(content, {path.name: pd.read_parquet(path)})


def folder_of(company: Company) -> AnalystFolder:
    """The tables of a company with dated tables, as of the day on which they end."""
    registry = {"model_name": company.name.replace("_", "-")}
    return AnalystFolder({"as_of": company.as_of, "registry": registry, **company.content}, company.tables)


def _of(company: Callable[[], Company | None]) -> Callable[[], AnalystFolder | None]:
    def read() -> AnalystFolder | None:
        present = company()
        return None if present is None else folder_of(present)

    return read


FOLDERS: Mapping[str, Callable[[], AnalystFolder | None]] = {
    "complete_journey": _of(companies.complete_journey),
    "money_history": money_history,
    "online_retail": _of(companies.online_retail),
    "ravenstack": ravenstack,
    "simulated_company": _of(companies.simulated_company),
    "telco": telco,
}


def write_folder(name: str, folder: Path) -> Path:
    """Write the folder called `name`; returns the path of its settings.

    Raises
    ------
    SourceError
        If its data is not on this machine.
    """
    made = FOLDERS[name]()
    if made is None:
        raise SourceError(f"{name} is not on this machine: set SEGMENTS_DATA to the folder of test data")
    return made.write(folder)


if __name__ == "__main__":
    print(write_folder(sys.argv[1], Path(sys.argv[2])))
