"""Attributes of a customers table: their kinds, what is sensitive, and what is left out and named."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.inspection.settings_text import content_of
from jobs.customer_vectors import vectors_of
from jobs.initial_settings import initial_settings
from training.settings import read_settings

CUSTOMERS = 60
ORDERS = pd.DataFrame(
    {
        "customer_id": [f"c{n % CUSTOMERS}" for n in range(120)],
        "order_date": [f"2026-0{1 + n // 28}-{1 + n % 28:02d}" for n in range(120)],
        "total": [10.5 + n for n in range(120)],
    }
)


def proposed(folder: Path, **columns: list[Any]) -> tuple[dict[str, Any], str]:
    """The proposed source `customers` of a table with these columns beside orders, and the whole text."""
    table = pd.DataFrame({"customer_id": [f"c{n}" for n in range(CUSTOMERS)], **columns})
    table.to_csv(folder / "customers.csv", index=False)
    ORDERS.to_csv(folder / "orders.csv", index=False)
    files = [folder / "orders.csv", folder / "customers.csv"]
    text = initial_settings(files, folder / "segments.yaml").text
    (folder / "segments.yaml").write_text(text, encoding="utf-8")
    return content_of(text)["sources"]["customers"], text


def each(*levels: Any) -> list[Any]:
    return [levels[n % len(levels)] for n in range(CUSTOMERS)]


@pytest.mark.parametrize(
    ("name", "cells", "settings"),
    [
        ("industry", each("retail", "bank", "farm"), {"kind": "category"}),
        ("newsletter", each("yes", "no"), {"kind": "flag"}),
        ("active", each(0, 1), {"kind": "flag"}),
        ("employees", list(range(CUSTOMERS)), {"kind": "count"}),
        ("open_rate", [n / 100 for n in range(CUSTOMERS)], {"kind": "share"}),
        ("score", [n - 20.5 for n in range(CUSTOMERS)], {"kind": "number"}),
        ("region", each(1, 2, 3), {"kind": "category"}),
        ("num_children", each(0, 1, 2), {"kind": "count"}),
        ("annual_revenue_usd", [n * 10.5 for n in range(CUSTOMERS)], {"kind": "number", "unit": "USD"}),
        ("gender", each("f", "m", "d"), {"kind": "category", "sensitive": True}),
        ("Geschlecht", each("w", "m"), {"kind": "category", "sensitive": True}),
        ("age", each(31, 47, 52), {"kind": "count", "sensitive": True}),
        ("ethnicity", each("a", "b"), {"kind": "category", "sensitive": True}),
        ("Religion", each("a", "b"), {"kind": "category", "sensitive": True}),
        ("health_status", each("good", "bad"), {"kind": "category", "sensitive": True}),
        ("birth_year", each(1970, 1981, 1992), {"kind": "count", "sensitive": True}),
        ("zip", each("01067", "10115", "80331"), {"kind": "category", "sensitive": True}),
        ("who", each("male", "female"), {"kind": "category", "sensitive": True}),
    ],
)
def test_the_kind_of_an_attribute(name: str, cells: list[Any], settings: dict[str, Any], tmp_path: Path) -> None:
    attributes = proposed(tmp_path, **{name: cells})[0]["attributes"]
    (attribute,) = attributes.values()
    assert {key: setting for key, setting in attribute.items() if key != "column"} == settings
    assert attribute.get("column", next(iter(attributes))) == name


def test_an_asked_date_is_said_to_be_asked_for(tmp_path: Path) -> None:
    ORDERS.to_csv(tmp_path / "orders.csv", index=False)
    text = initial_settings([tmp_path / "orders.csv"], tmp_path / "segments.yaml", date(2026, 7, 1)).text
    assert "as_of: 2026-07-01  # as asked for" in text


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("annual_revenue_usd", "annual_revenue"),
        ("usd_total", "total"),
        ("totalEUR", "total"),
        ("AnnualRevenueUSD", "AnnualRevenue"),
        ("Revenue (GBP)", "Revenue"),
    ],
)
def test_the_currency_of_an_attribute_is_its_unit_and_leaves_its_name(
    name: str, attribute: str, tmp_path: Path
) -> None:
    attributes = proposed(tmp_path, **{name: [n * 10.5 for n in range(CUSTOMERS)]})[0]["attributes"]
    assert list(attributes) == [attribute]
    assert attributes[attribute]["column"] == name


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("email", [f"{n}@shop.example" for n in range(CUSTOMERS)]),
        ("phone", [f"0228 {n}" for n in range(CUSTOMERS)]),
        ("first_name", each("Ann", "Bob")),
        ("company_name", [f"Company {n}" for n in range(CUSTOMERS)]),
        ("tax_no", list(range(7000, 7000 + CUSTOMERS))),
        ("notes", each("rings twice", "pays late")),
        ("slogan", [f"we are number {n}" for n in range(CUSTOMERS)]),
        ("birthday", ["1980-01-05"] * CUSTOMERS),
        ("planet", ["earth"] * CUSTOMERS),
        ("empty", [None] * CUSTOMERS),
    ],
)
def test_what_is_no_attribute_is_named(name: str, cells: list[Any], tmp_path: Path) -> None:
    source, text = proposed(tmp_path, **{name: cells, "tier": each("gold", "tin")})
    assert list(source["attributes"]) == ["tier"]
    assert f"# left out: {name} (" in text


def test_yes_and_no_in_another_language(tmp_path: Path) -> None:
    source = proposed(tmp_path, Newsletter=each("Ja", "Nein", None))[0]
    assert source["attributes"]["Newsletter"] == {"kind": "flag"}
    assert (source["true_values"], source["false_values"]) == (["ja"], ["nein"])
    vectors = vectors_of(read_settings(tmp_path / "segments.yaml")[0], tmp_path)
    assert vectors.frame.Newsletter.value_counts().to_dict() == {1.0: 20, 0.0: 20}


def test_the_name_of_a_computed_column_is_not_taken_twice(tmp_path: Path) -> None:
    attributes = proposed(tmp_path, frequency=each(1, 2, 7), tier=each("gold", "tin"))[0]["attributes"]
    assert attributes["own_frequency"] == {"kind": "count", "column": "frequency"}


def test_names_become_words_joined_by_underscores(tmp_path: Path) -> None:
    names = {"Größe der Firma": each("s", "l"), "2nd plan": each("s", "l"), "銀行": each("s", "l")}
    attributes = proposed(tmp_path, **names)[0]["attributes"]
    assert {settings["column"] for settings in attributes.values()} == set(names)
    assert all(name.isidentifier() and name.isascii() for name in attributes)


@pytest.mark.parametrize(
    ("name", "cells", "known"),
    [
        ("signup_date", [f"2025-01-{1 + n % 28:02d}" for n in range(CUSTOMERS)], True),
        ("created_at", [f"2025-01-{1 + n % 28:02d} 10:00:00" for n in range(CUSTOMERS)], True),
        ("customer_since", [f"2025-01-{1 + n % 28:02d}" for n in range(CUSTOMERS)], True),
        ("signup_date", [None, *(f"2025-01-{1 + n % 28:02d}" for n in range(1, CUSTOMERS))], False),
        ("updated_at", [f"2025-01-{1 + n % 28:02d}" for n in range(CUSTOMERS)], False),
        ("date_of_birth", [f"1985-01-{1 + n % 28:02d}" for n in range(CUSTOMERS)], False),
        ("last_order_date", [f"2025-01-{1 + n % 28:02d}" for n in range(CUSTOMERS)], False),
    ],
)
def test_a_customer_is_known_since_a_date_that_says_so(
    name: str, cells: list[Any], known: bool, tmp_path: Path
) -> None:
    columns = proposed(tmp_path, **{name: cells, "tier": each("gold", "tin")})[0]["columns"]
    assert columns.get("known_at") == (name if known else None)


def test_customers_that_come_twice_are_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"customer_id": [*(f"c{n}" for n in range(CUSTOMERS)), "c7"], "tier": "gold"})
    table.loc[::2, "tier"] = "tin"
    table.to_csv(tmp_path / "customers.csv", index=False)
    with pytest.raises(Exception, match=r"1 id of customer_id comes? more than once, such as 'c7'"):
        initial_settings([tmp_path / "customers.csv"], tmp_path / "segments.yaml")


def test_numbers_with_a_unit_are_left_out_and_named(tmp_path: Path) -> None:
    """As a category of forty levels they would say nothing; the comment says how to have them as numbers."""
    discount, colour = [f"{n % 40}%" for n in range(CUSTOMERS)], each("a", "b")
    source, text = proposed(tmp_path, discount=discount, colour=colour)
    assert source["attributes"] == {"colour": {"kind": "category"}}
    assert "discount (numbers with a unit: write the numbers alone)" in text


def test_money_of_one_row_a_customer_has_its_unit(tmp_path: Path) -> None:
    """What a customer pays adds up; an average, a share and minutes do not."""
    numbers = [n * 10.5 for n in range(CUSTOMERS)]
    table = pd.DataFrame(
        {
            "customer_id": [f"c{n}" for n in range(CUSTOMERS)],
            "MonthlyCharges": numbers,
            "total_payments": numbers,
            "spend_eur": numbers,
            "avg_payment": numbers,
            "Total day minutes": numbers,
            "payment_ratio": [n / 100 for n in range(CUSTOMERS)],
        }
    )
    table.to_csv(tmp_path / "base.csv", index=False)
    source = content_of(initial_settings([tmp_path / "base.csv"], tmp_path / "s.yaml").text)["sources"]["vectors"]
    assert source["units"] == {"MonthlyCharges": "USD a month", "total_payments": "USD", "spend_eur": "EUR"}


def test_tickets_with_a_score_are_no_orders(tmp_path: Path) -> None:
    tickets = ORDERS.assign(ticket_id=range(120), satisfaction_score=[1 + n % 5 for n in range(120)])
    tickets.drop(columns="total").to_csv(tmp_path / "support_tickets.csv", index=False)
    sources = content_of(initial_settings([tmp_path / "support_tickets.csv"], tmp_path / "s.yaml").text)["sources"]
    assert set(sources) == {"events"}


def test_the_title_of_many_files_is_a_headline(tmp_path: Path) -> None:
    proposed(tmp_path, industry=each("retail", "bank"))
    tickets = ORDERS.drop(columns="total").assign(name="opened")
    tickets.to_csv(tmp_path / "tickets.csv", index=False)
    files = [tmp_path / name for name in ("orders.csv", "customers.csv", "tickets.csv")]
    out = tmp_path / "s.yaml"
    assert content_of(initial_settings(files[:2], out).text)["title"] == "Customers in orders.csv and customers.csv"
    assert content_of(initial_settings(files, out).text)["title"] == "Customers in orders.csv and 2 other files"
