"""Companies on days a month apart: a simulated one, a grocery retailer and an online shop."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from experiments.benchmarks.shared_data import EXTERNAL
from experiments.complete_journey import SETTINGS, load_tables
from experiments.simulated_company.company import simulate, write_company
from features.vector_table import CustomerVectors
from jobs.customer_vectors import vectors_of
from segment_model.errors import SettingsError
from training.settings import Settings, parse_settings, read_settings

MONTH = timedelta(days=31)
RETAIL = EXTERNAL / "online_retail" / "online_retail.parquet"


@dataclass(frozen=True)
class TwoDays:
    """The vectors of a company's customers on a day, and 31 days before it; `settings` are those of its own file."""

    name: str
    settings: Settings
    now: CustomerVectors
    month_ago: CustomerVectors


@dataclass(frozen=True)
class Month:
    """The vectors of a company's customers on one of several days, 31 days apart."""

    company: str
    settings: Settings
    vectors: CustomerVectors


def simulated_company(customers: int, seed: int = 11) -> TwoDays:
    """Customers with planted segments."""
    return _two_days(simulated_months(customers, seed, 2))


def simulated_months(customers: int, seed: int = 11, days: int = 3) -> list[Month]:
    """Customers with planted segments on several days, of which the last is 1 July 2026."""
    with tempfile.TemporaryDirectory() as folder:
        write_company(simulate(customers, seed, date(2026, 7, 1)), Path(folder))
        settings, _ = read_settings(Path(folder) / "segments.yaml")
        return _months("simulated company", settings, Path(folder), days)


def complete_journey() -> TwoDays:
    """The households of the demo."""
    return _two_days(complete_journey_months(2))


def complete_journey_months(days: int = 3) -> list[Month]:
    """The households of the demo on several days, of which the last is the demo's."""
    settings, _ = read_settings(SETTINGS)
    with tempfile.TemporaryDirectory() as folder:
        load_tables().write(Path(folder))
        return _months("Complete Journey", settings, Path(folder), days)


def online_retail() -> TwoDays | None:
    """The customers of an online shop for gifts, by their orders alone; None where the data is not on this machine."""
    if not RETAIL.exists():
        return None
    lines = pd.read_parquet(RETAIL, columns=["InvoiceNo", "InvoiceDate", "Quantity", "UnitPrice", "CustomerID"])
    good = lines["CustomerID"].notna() & ~lines["InvoiceNo"].str.startswith("C")
    lines = lines[good & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)]
    orders = pd.DataFrame(
        {
            "customer_id": lines["CustomerID"].astype("str"),
            "order_id": lines["InvoiceNo"],
            "ordered_at": lines["InvoiceDate"],
            "amount": lines["Quantity"] * lines["UnitPrice"],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        orders.to_parquet(Path(folder) / "orders.parquet", index=False)
        settings = parse_settings({"as_of": "2011-12-10", "sources": {"orders": {"file": "orders.parquet"}}})
        return _two_days(_months("online_retail", settings, Path(folder), 2))


def _months(company: str, settings: Settings, folder: Path, days: int) -> list[Month]:
    """The vectors of each day, from the earliest to the settings' own."""
    if settings.as_of is None:
        raise SettingsError("months need an as-of moment to count back from")
    dated = [settings.model_copy(update={"as_of": settings.as_of - ago * MONTH}) for ago in reversed(range(days))]
    return [Month(company, settings, vectors_of(settings, folder)) for settings in dated]


def _two_days(months: list[Month]) -> TwoDays:
    earlier, now = months
    return TwoDays(now.company, now.settings, now.vectors, earlier.vectors)
