"""For six known sets of tables, the vectors of the proposed settings equal those of settings written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.complete_journey import load_tables
from experiments.simulated_company.company import simulate, write_company
from features.inspection.settings_text import content_of
from features.vector_table import CustomerVectors
from jobs.customer_vectors import vectors_of
from jobs.initial_settings import InitialSettings, initial_settings
from training.settings import parse_settings

MOST_CHECKS = 1


def built(content: Mapping[str, Any], folder: Path) -> CustomerVectors:
    settings = parse_settings(dict(content))
    return vectors_of(settings, folder)


def assert_as_by_hand(folder: Path, files: Sequence[str], by_hand: Mapping[str, Any]) -> InitialSettings:
    """The proposal for the files gives the vectors of the settings, with at most one marked line."""
    proposed = initial_settings([folder / file for file in files], folder / "segments.yaml")
    ours, theirs = built(content_of(proposed.text), folder), built(by_hand, folder)
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


def test_telco_of_one_row_a_customer(external_data: Path) -> None:
    by_hand = {
        "sources": {
            "vectors": {
                "file": "telco.parquet",
                "columns": {"customer_id": "customerID"},
                "sensitive": ["gender", "SeniorCitizen"],
                "roles": {"Churn": "descriptor"},
                "units": {"MonthlyCharges": "USD a month", "TotalCharges": "USD"},
            }
        }
    }
    proposed = assert_as_by_hand(external_data / "telco_ibm", ["telco.parquet"], by_hand)
    assert [check.partition(":")[0] for check in proposed.checks] == ["vectors.roles"]
    assert content_of(proposed.text)["sources"]["vectors"]["sensitive"] == ["gender", "SeniorCitizen"]
    assert content_of(proposed.text)["sources"]["vectors"]["roles"] == {"Churn": "descriptor"}


SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Billing Name,Billing City,Billing Zip,Billing Country,Notes,Cancelled at,Payment Method,"
    "Refunded Amount,Vendor,Id,Tags,Source,Phone"
)


def shopify_rows() -> list[str]:
    """Orders of several lines: the first line has the money of the order, the others leave it blank."""
    lines = []
    for number in range(60):
        state = ("paid", "paid", "paid", "refunded", "partially_refunded", "pending", "voided")[number % 7]
        moment = f"2026-0{1 + number // 20}-{1 + number % 20:02d} 10:00:00 +0100"
        email = f"c{number % 13}@shop.example"
        total = 30 + number
        refunded = {"refunded": total, "partially_refunded": 5}.get(state, 0)
        lines.append(
            f"#{1001 + number},{email},{state},{moment},fulfilled,,yes,EUR,{total - 5}.00,5.00,{total // 6}.10,"
            f"{total}.00,,{number % 4}.50,DHL,{moment},1,Mug,12.50,A B,Bonn,53111,DE,,,card,{refunded}.00,V,"
            f"{5_500_000 + number},,web,"
        )
        more = f"#{1001 + number},{email},,,,,,,,,,,,,,{moment},2,Cup,8.00,,,,,,,,,,,,,"
        lines += [more] * (number % 3)
    return lines


def test_an_export_of_shopify(tmp_path: Path) -> None:
    (tmp_path / "orders_export.csv").write_text("\n".join([SHOPIFY, *shopify_rows()]) + "\n")
    by_hand = {
        "as_of": "2026-03-21",
        "sources": {
            "orders": {
                "file": "orders_export.csv",
                "where": "\"Financial Status\" in ('paid', 'partially_refunded', 'refunded')",
                "columns": {
                    "customer_id": "Email", "order_id": "Name", "ordered_at": "Created at", "amount": "Total",
                    "discount": "Discount Amount", "refunded_amount": "Refunded Amount", "currency": "Currency",
                },
            }
        },
        "features": {"currency": "EUR"},
    }  # fmt: skip
    proposed = assert_as_by_hand(tmp_path, ["orders_export.csv"], by_hand)
    assert content_of(proposed.text)["sources"]["orders"] == {"file": "orders_export.csv", "preset": "shopify"}
    assert not proposed.checks


STRIPE = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,"
    "Converted Currency,Decline Reason,Description,Fee,Refunded date (UTC),Statement Descriptor,Status,Seller Message,"
    "Taxes On Fee,Card ID,Customer ID,Customer Description,Customer Email,Invoice ID,Transfer"
)


def test_an_export_of_payments_of_stripe(tmp_path: Path) -> None:
    lines = [STRIPE]
    for number in range(60):
        state = ("Paid", "Paid", "Refunded", "Failed")[number % 4]
        money, customer = f"{30 + number}.50", number * 7 % 13
        lines.append(
            f"ch_{number:04d},2026-0{1 + number // 20}-{1 + number % 20:02d} 10:00,{money},"
            f"{money if state == 'Refunded' else '0.00'},eur,{str(state != 'Failed').lower()},{money},0.00,eur,,Update,"
            f"1.03,,SHOP,{state},Complete.,0.00,card_{customer},cus_{customer},,c{customer}@shop.example,in_{number},"
        )
    (tmp_path / "unified_payments.csv").write_text("\n".join(lines) + "\n")
    by_hand = {
        "as_of": "2026-03-21",
        "sources": {
            "orders": {
                "file": "unified_payments.csv",
                "where": "Status in ('Paid', 'Refunded')",
                "columns": {
                    "customer_id": "Customer ID", "order_id": "id", "ordered_at": "Created date (UTC)",
                    "amount": "Amount", "refunded_amount": "Amount Refunded", "currency": "Currency",
                },
            }
        },
        "features": {"currency": "EUR"},
    }  # fmt: skip
    proposed = assert_as_by_hand(tmp_path, ["unified_payments.csv"], by_hand)
    assert content_of(proposed.text)["sources"]["orders"]["preset"] == "stripe_charges"
    assert not proposed.checks


def test_a_vendors_export_whose_columns_were_renamed(tmp_path: Path) -> None:
    """No preset fits: the columns are told by their names, and the states that count are marked."""
    header = SHOPIFY.replace("Financial Status", "Payment Status").replace("Created at", "Order date")
    (tmp_path / "orders.csv").write_text("\n".join([header, *shopify_rows()]) + "\n")
    by_hand = {
        "as_of": "2026-03-21",
        "sources": {
            "orders": {
                "file": "orders.csv",
                "where": "\"Payment Status\" in ('paid', 'partially_refunded') or \"Payment Status\" is null",
                "columns": {
                    "customer_id": "Email", "order_id": "Name", "ordered_at": "Order date", "amount": "Total",
                    "discount": "Discount Amount", "refunded_amount": "Refunded Amount", "currency": "Currency",
                },
            }
        },
        "features": {"currency": "EUR"},
    }  # fmt: skip
    proposed = assert_as_by_hand(tmp_path, ["orders.csv"], by_hand)
    assert len(proposed.checks) == 1
