"""For six known sets of tables, the vectors of the proposed settings equal those of settings written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.complete_journey import load_tables
from experiments.simulated_company.company import simulate, write_company
from features.customer_vector import build_vectors
from features.inspection.settings_text import content_of
from features.vector_table import CustomerVectors
from jobs.initial_settings import InitialSettings, initial_settings
from training.settings import parse_settings

MOST_CHECKS = 1


def vectors_of(content: Mapping[str, Any], folder: Path) -> CustomerVectors:
    settings = parse_settings(dict(content))
    return build_vectors(settings.sources, settings.features, settings.as_of, folder)


def assert_as_by_hand(folder: Path, files: Sequence[str], by_hand: Mapping[str, Any]) -> InitialSettings:
    """The proposal for the files gives the vectors of the settings, with at most one marked line."""
    proposed = initial_settings([folder / file for file in files], folder / "segments.yaml")
    ours, theirs = vectors_of(content_of(proposed.text), folder), vectors_of(by_hand, folder)
    pd.testing.assert_frame_equal(ours.frame, theirs.frame)
    assert ours.digest == theirs.digest
    assert proposed.text.count("# check:") == len(proposed.checks) <= MOST_CHECKS, proposed.text
    return proposed


def test_the_tables_of_the_demo(tmp_path: Path) -> None:
    load_tables().write(tmp_path)
    demographics = (
        "age",
        "income",
        "home_ownership",
        "marital_status",
        "household_size",
        "household_comp",
        "kids_count",
    )
    by_hand = {
        "as_of": "2018-01-02",  # the newest rows are of the first of January
        "sources": {
            "orders": {
                "file": "transactions.parquet",
                "columns": {
                    "customer_id": "household_id", "order_id": "basket_id", "ordered_at": "transaction_timestamp",
                    "amount": "sales_value", "discount": "discount",
                },
            },
            "events": {
                "file": "marketing.parquet",
                "columns": {"customer_id": "household_id", "occurred_at": "time", "feature": "campaign_type"},
            },
            "customers": {
                "file": "households.parquet",
                "columns": {"customer_id": "household_id"},
                "attributes": {name: {"kind": "category"} for name in demographics},
            },
        },
    }  # fmt: skip
    proposed = assert_as_by_hand(tmp_path, ["households.parquet", "marketing.parquet", "transactions.parquet"], by_hand)
    attributes = content_of(proposed.text)["sources"]["customers"]["attributes"]
    sensitive = {name for name, settings in attributes.items() if settings.get("sensitive")}
    assert sensitive == {"age", "marital_status"}


def test_the_simulated_company(tmp_path: Path) -> None:
    write_company(simulate(300, 1, date(2026, 7, 1)), tmp_path)
    categories = ("industry", "country", "crm_system", "survey_priority", "survey_attitude")
    by_hand = {
        "as_of": "2026-07-01",
        "sources": {
            "customers": {
                "file": "accounts.parquet",
                "columns": {"customer_id": "account_id", "known_at": "signed_up_at"},
                "attributes": {
                    "industry": {"kind": "category"},
                    "country": {"kind": "category"},
                    "employees": {"kind": "count"},
                    "annual_revenue": {"kind": "number", "column": "annual_revenue_usd"},
                    "crm_system": {"kind": "category"},
                    "single_sign_on": {"kind": "flag"},
                    "survey_nps": {"kind": "number"},
                    "survey_priority": {"kind": "category"},
                    "survey_attitude": {"kind": "category"},
                },
            },
            "subscriptions": {
                "file": "subscriptions.parquet",
                "columns": {"customer_id": "account_id", "mrr": "mrr_usd", "seats": "seats_allowed"},
            },
            "events": {
                "file": "events.parquet",
                "columns": {"customer_id": "account_id", "name": "event_name", "allowed": "monthly_allowance"},
            },
            "orders": {
                "file": "invoices.parquet",
                "columns": {
                    "customer_id": "account_id", "order_id": "invoice_id", "ordered_at": "issued_at",
                    "amount": "amount_usd",
                },
            },
        },
    }  # fmt: skip
    files = [f"{name}.parquet" for name in ("accounts", "events", "invoices", "subscriptions")]
    proposed = assert_as_by_hand(tmp_path, files, by_hand)
    content = content_of(proposed.text)
    assert set(content["sources"]["customers"]["attributes"]) >= {"annual_revenue", *categories}
    assert content["features"]["currency"] == "USD"
    assert "company_name" in proposed.text  # left out, and named in a comment


def test_online_retail(external_data: Path) -> None:
    by_hand = {
        "as_of": "2011-12-10",
        "sources": {
            "orders": {
                "file": "online_retail.parquet",
                "columns": {
                    "customer_id": "CustomerID", "order_id": "InvoiceNo", "ordered_at": "InvoiceDate",
                    "quantity": "Quantity", "price": "UnitPrice",
                },
            }
        },
        "features": {"rfm": {"refunds": "dropped"}},
    }  # fmt: skip
    assert_as_by_hand(external_data / "online_retail", ["online_retail.parquet"], by_hand)
