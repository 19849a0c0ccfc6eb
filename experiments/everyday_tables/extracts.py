"""Tables that have one row a customer already, read through `sources.vectors`; None where the data is absent."""

from __future__ import annotations

from collections.abc import Mapping
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


def customer_personality() -> EverydayTable | None:
    """2,240 customers of a food retailer: spend by product, channels, campaigns, household."""
    amounts = ("Wines", "Fruits", "MeatProducts", "FishProducts", "SweetProducts", "GoldProds")
    return _extract(
        "customer_personality",
        "customer_personality/customer_personality.parquet",
        {
            "columns": {"customer_id": "ID"},
            "exclude": ["Dt_Customer", "Z_CostContact", "Z_Revenue"],
            "sensitive": ["Year_Birth", "Marital_Status"],
            "units": {"Income": "USD a year", "Recency": "days"} | {f"Mnt{product}": "USD" for product in amounts},
            "kinds": {f"Mnt{product}": "number" for product in amounts},
        },
    )


def wholesale() -> EverydayTable | None:
    """440 clients of a wholesaler: spend by category; channel and region are codes."""
    amounts = ("Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen")
    return _extract(
        "wholesale",
        "wholesale/wholesale.parquet",
        {
            "number_rows": True,
            "kinds": {"Channel": "category", "Region": "category"} | dict.fromkeys(amounts, "number"),
            "units": dict.fromkeys(amounts, "EUR"),
        },
    )


def airline() -> EverydayTable | None:
    """3,999 members of a frequent-flyer programme; the award flight is what their miles lead to, so it describes."""
    return _extract(
        "airline",
        "mlba_marketing/EastWestAirlinesCluster.parquet",
        {
            "columns": {"customer_id": "ID#"},
            "units": {"Balance": "miles", "Qual_miles": "miles", "Bonus_miles": "miles", "Flight_miles_12mo": "miles"}
            | {"Days_since_enroll": "days"},
            "roles": {"Award?": "descriptor"},
        },
    )


def cc_general() -> EverydayTable | None:
    """8,950 holders of a credit card: balances, purchases, cash advances."""
    amounts = (
        "BALANCE", "PURCHASES", "ONEOFF_PURCHASES", "INSTALLMENTS_PURCHASES", "CASH_ADVANCE", "CREDIT_LIMIT",
        "PAYMENTS", "MINIMUM_PAYMENTS",
    )  # fmt: skip
    columns = {"customer_id": "CUST_ID"}
    return _extract(
        "cc_general", "cc_general/cc_general.parquet", {"columns": columns, "units": dict.fromkeys(amounts, "USD")}
    )


def telco() -> EverydayTable | None:
    """7,043 customers of a telephone company: services, contract, charges; churn is the outcome, so it describes."""
    return _extract("telco", TELCO_FILE, TELCO)


def _extract(name: str, file: str, source: Mapping[str, Any]) -> EverydayTable | None:
    path = EXTERNAL / file
    if not path.exists():
        return None
    return read_table(name, {"sources": {"vectors": {"file": path.name, **source}}}, path.parent)
