"""Tables that have one row a customer already, read through `sources.vectors`; None where the data is absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.benchmarks.shared_data import EXTERNAL
from experiments.everyday_tables.everyday_table import EverydayTable, read_table

TELCO_FILE = "telco_ibm/telco.parquet"
TELCO: Mapping[str, Any] = {
    "columns": {"customer_id": "customerID"},
    "sensitive": ["gender", "SeniorCitizen"],
    "units": {"tenure": "months", "MonthlyCharges": "USD a month", "TotalCharges": "USD"},
    "roles": {"Churn": "descriptor"},
}


@dataclass(frozen=True)
class ExtractFile:
    """A file of the test data, and the source `vectors` that reads it; `file` counts from that folder."""

    file: str
    source: Mapping[str, Any]

    @property
    def path(self) -> Path:
        """Where the file is, on a machine that has it."""
        return EXTERNAL / self.file

    @property
    def content(self) -> Mapping[str, Any]:
        """The content of a settings file beside it."""
        return {"sources": {"vectors": {"file": self.path.name, **self.source}}}


_FOODS = ("Wines", "Fruits", "MeatProducts", "FishProducts", "SweetProducts", "GoldProds")
_GOODS = ("Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen")
_CARD_AMOUNTS = (
    "BALANCE", "PURCHASES", "ONEOFF_PURCHASES", "INSTALLMENTS_PURCHASES", "CASH_ADVANCE", "CREDIT_LIMIT", "PAYMENTS",
    "MINIMUM_PAYMENTS",
)  # fmt: skip
EXTRACTS: Mapping[str, ExtractFile] = {
    "airline": ExtractFile(
        "mlba_marketing/EastWestAirlinesCluster.parquet",
        {
            "columns": {"customer_id": "ID#"},
            "units": {"Balance": "miles", "Qual_miles": "miles", "Bonus_miles": "miles", "Flight_miles_12mo": "miles"}
            | {"Days_since_enroll": "days"},
            "roles": {"Award?": "descriptor"},
        },
    ),
    "cc_general": ExtractFile(
        "cc_general/cc_general.parquet",
        {"columns": {"customer_id": "CUST_ID"}, "units": dict.fromkeys(_CARD_AMOUNTS, "USD")},
    ),
    "customer_personality": ExtractFile(
        "customer_personality/customer_personality.parquet",
        {
            "columns": {"customer_id": "ID"},
            "exclude": ["Dt_Customer", "Z_CostContact", "Z_Revenue"],
            "sensitive": ["Year_Birth", "Marital_Status"],
            "units": {"Income": "USD a year", "Recency": "days"} | {f"Mnt{product}": "USD" for product in _FOODS},
            "kinds": {f"Mnt{product}": "number" for product in _FOODS},
        },
    ),
    "telco": ExtractFile(TELCO_FILE, TELCO),
    "wholesale": ExtractFile(
        "wholesale/wholesale.parquet",
        {
            "number_rows": True,
            "kinds": {"Channel": "category", "Region": "category"} | dict.fromkeys(_GOODS, "number"),
            "units": dict.fromkeys(_GOODS, "EUR"),
        },
    ),
}


def customer_personality() -> EverydayTable | None:
    """2,240 customers of a food retailer: spend by product, channels, campaigns, household."""
    return _extract("customer_personality")


def wholesale() -> EverydayTable | None:
    """440 clients of a wholesaler: spend by category; channel and region are codes."""
    return _extract("wholesale")


def airline() -> EverydayTable | None:
    """3,999 members of a frequent-flyer programme; the award flight is what their miles lead to, so it describes."""
    return _extract("airline")


def cc_general() -> EverydayTable | None:
    """8,950 holders of a credit card: balances, purchases, cash advances."""
    return _extract("cc_general")


def telco() -> EverydayTable | None:
    """7,043 customers of a telephone company: services, contract, charges; churn is the outcome, so it describes."""
    return _extract("telco")


def _extract(name: str) -> EverydayTable | None:
    extract = EXTRACTS[name]
    return read_table(name, extract.content, extract.path.parent) if extract.path.exists() else None
