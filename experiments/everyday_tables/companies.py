"""Companies with dated tables: their vectors on any day, and what customers pay afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments import complete_journey as journey
from experiments.benchmarks.shared_data import EXTERNAL
from experiments.everyday_tables.everyday_table import EverydayTable, read_table
from experiments.generated_tables.pareto_nbd import DAYS, ParetoNbd
from experiments.simulated_company.company import simulate
from segment_model.errors import SourceError
from training.yaml_text import read_yaml

SIMULATED_CUSTOMERS = 3000
SHOPPERS = 400_000
SHOP_WEEKS = 104  # since the shop opened; new shoppers come evenly
SEED = 14
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Company:
    """A company whose tables have dates.

    content : the settings, as plain values. tables : by file name. payments : `customer_id`, `paid_at`, `amount`, one
    row each. as_of : the day on which the tables end.
    """

    name: str
    content: Mapping[str, Any]
    tables: Tables
    payments: pd.DataFrame
    as_of: date

    def vectors_on(self, day: date) -> EverydayTable:
        """The customers as they stood at the start of a day."""
        with tempfile.TemporaryDirectory() as folder:
            for file, table in self.tables.items():
                table.to_parquet(Path(folder) / file, index=False)
            return read_table(self.name, {**self.content, "as_of": day.isoformat()}, Path(folder))

    def paid_after(self, day: date, days: int, customers: pd.Index) -> pd.Series:
        """What each of the customers pays in the days from `day` on; 0.0 for those who pay nothing."""
        start, end = pd.Timestamp(day), pd.Timestamp(day) + pd.Timedelta(days=days)
        moments = self.payments["paid_at"]
        within = self.payments[(moments >= start) & (moments < end)]
        return within.groupby("customer_id")["amount"].sum().reindex(customers, fill_value=0.0)


def online_retail() -> Company | None:
    """An online shop for gifts: 541,909 order lines, 4,338 customers; None where the data is absent."""
    path = EXTERNAL / "online_retail" / "online_retail.parquet"
    if not path.exists():
        return None
    lines = pd.read_parquet(path)
    columns = {
        "customer_id": "CustomerID", "order_id": "InvoiceNo", "ordered_at": "InvoiceDate", "quantity": "Quantity",
        "price": "UnitPrice",
    }  # fmt: skip
    amounts = lines["Quantity"] * lines["UnitPrice"]
    payments = _payments(lines["CustomerID"], lines["InvoiceDate"], amounts)
    content = {"sources": {"orders": {"file": path.name, "columns": columns}}, "features": {"currency": "GBP"}}
    return Company("online_retail", content, {path.name: lines}, payments, date(2011, 12, 10))


def cdnow() -> Company | None:
    """A seller of CDs: 69,659 orders of the 23,570 customers of one quarter; None where the data is absent."""
    path = EXTERNAL / "cdnow" / "cdnow_master.parquet"
    if not path.exists():
        return None
    orders = pd.read_parquet(path)
    columns = {"customer_id": "customer_id", "ordered_at": "date", "amount": "value"}
    payments = _payments(orders["customer_id"], orders["date"], orders["value"])
    content = {"sources": {"orders": {"file": path.name, "columns": columns}}}
    return Company("cdnow", content, {path.name: orders}, payments, date(1998, 7, 1))


def complete_journey() -> Company | None:
    """The grocery households of the demo, without its limits on the number of segments; None where absent."""
    try:
        tables = journey.load_tables()
    except SourceError:
        return None
    content = _settings("complete_journey.yaml")
    del content["discovery"]
    orders = tables.transactions
    payments = _payments(orders["household_id"], orders["transaction_timestamp"], orders["sales_value"])
    files = {"transactions": orders, "marketing": tables.marketing, "households": tables.households}
    return Company("complete_journey", content, _parquet(files), payments, date(2018, 1, 1))


def simulated_company(customers: int = SIMULATED_CUSTOMERS) -> Company:
    """The simulated software company."""
    day = date(2026, 7, 1)
    made = simulate(customers, SEED, day)
    bills = made.orders
    payments = _payments(bills["account_id"], bills["issued_at"], bills["amount_usd"])
    files = {"accounts": made.customers, "subscriptions": made.subscriptions, "events": made.events, "invoices": bills}
    return Company("simulated_company", _settings("simulated_company/company.yaml"), _parquet(files), payments, day)


def pareto_nbd_shoppers(shoppers: int = SHOPPERS) -> Company:
    """A shop whose customers follow the Pareto/NBD model of the CDNOW cohort, and came over two years."""
    generator = np.random.default_rng(SEED)
    orders = ParetoNbd().orders(generator.uniform(0, SHOP_WEEKS, shoppers), generator)
    day = date(2026, 7, 1)
    ordered_at = pd.Timestamp(day) - pd.to_timedelta(orders["weeks_ago"] * DAYS, unit="D").dt.ceil("s")
    payments = _payments(orders["shopper"], ordered_at, orders["amount"])
    columns = {"customer_id": "customer_id", "ordered_at": "paid_at", "amount": "amount"}
    content = {"sources": {"orders": {"file": "orders.parquet", "columns": columns}}}
    return Company("pareto_nbd_shoppers", content, {"orders.parquet": payments}, payments, day)


def _payments(customers: pd.Series, moments: pd.Series, amounts: pd.Series) -> pd.DataFrame:
    """Positive payments of known customers."""
    rows = pd.DataFrame({"customer_id": customers.astype("str"), "paid_at": moments, "amount": amounts})
    return rows[customers.notna() & (amounts > 0)].reset_index(drop=True)


def _parquet(tables: Tables) -> Tables:
    return {f"{name}.parquet": table for name, table in tables.items()}


def _settings(file: str) -> dict[str, Any]:
    path = Path(journey.__file__).parent / file
    content: dict[str, Any] = read_yaml(path.read_text(encoding="utf-8"), file)
    return content
