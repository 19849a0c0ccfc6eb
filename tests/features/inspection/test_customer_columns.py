"""Whose row it is: ids of rows, names, gaps, and tables of people; what was guessed is said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from jobs.initial_settings import InitialSettings, describe_proposal, initial_settings
from segment_model.errors import SourceError


def proposed(path: Path, header: str, rows: Sequence[str]) -> tuple[dict[str, Any], InitialSettings]:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    initial = initial_settings([path], path.parent / "segments.yaml")
    return yaml.safe_load(initial.text)["sources"], initial


def day(number: int) -> str:
    return f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}"


def test_an_id_that_repeats_is_the_customer_and_that_of_each_row_is_not(tmp_path: Path) -> None:
    rows = [f"login,{1767225600 + n * 86400},d{n % 7},i{n}" for n in range(40)]
    sources, _ = proposed(tmp_path / "export.csv", "event,time,distinct_id,insert_id", rows)
    assert sources["events"]["columns"]["customer_id"] == "distinct_id"
    attributes = [f"i{n},{'xyz'[n % 3]},{n + 1},o{n % 3}" for n in range(40)]
    sources, _ = proposed(tmp_path / "export.csv", "id,industry,employees,owner_id", attributes)
    assert sources["vectors"]["columns"]["customer_id"] == "id", "beside nothing else it is"


def test_ids_with_a_point_are_ids(tmp_path: Path) -> None:
    rows = [f"login,{day(n)},{100 + n % 7}.17000{n % 7}" for n in range(40)]
    sources, _ = proposed(tmp_path / "events.csv", "event_name,event_date,user_pseudo_id", rows)
    assert sources["events"]["columns"]["customer_id"] == "user_pseudo_id"


def test_rows_without_ids_and_dates_are_numbered(tmp_path: Path) -> None:
    """As tables for courses come: none of their numbers says whose row it is."""
    rows = [f"{20_000 + 37.5 * n},{n % 5},{'STAY' if n % 3 else 'LEAVE'}" for n in range(40)]
    sources, initial = proposed(tmp_path / "export.csv", "income,overage,churn", rows)
    assert sources["vectors"] == {"file": "export.csv", "number_rows": True, "roles": {"churn": "descriptor"}}
    assert initial.checks[0].startswith("vectors.number_rows: no column says whose row it is")
    assert "numbered rows; 3 attributes" in describe_proposal(initial)
    by_day = [f"{day(n)},{n % 5},{n + 0.5}" for n in range(40)]
    with pytest.raises(SourceError, match="no column says whose row it is"):
        proposed(tmp_path / "sales.csv", "order_date,quantity,amount", by_day)
    numbered = [f"{n},{n % 5},{n / 7}" for n in range(40)]
    sources, _ = proposed(tmp_path / "export.csv", "Unnamed: 0,overage,use", numbered)
    assert sources["vectors"]["columns"] == {"customer_id": "Unnamed: 0"}, "a number of each row is no feature"


def test_the_day_on_which_all_rows_were_loaded_is_not_that_of_the_orders(tmp_path: Path) -> None:
    rows = [f"{n},2026-03-01 07:11:0{n % 7},c{n % 7},{day(n)},30" for n in range(40)]
    sources, initial = proposed(tmp_path / "a.csv", "order_id,created_at,customer_id,date_adhesion,amount", rows)
    assert sources["orders"]["columns"]["ordered_at"] == "date_adhesion"
    assert initial.checks == ("orders.ordered_at: or created_at?",)


@pytest.mark.parametrize(
    ("columns", "customer"),
    [("card_id,points", "card_id"), ("msisdn,cell_id", "msisdn"), ("id,phone_calls", "id"), ("email,phone", "email")],
)
def test_a_card_or_a_telephone_says_whose_row_it_is(columns: str, customer: str, tmp_path: Path) -> None:
    rows = [f"{4_917_000_000 + n % 7},{n % 9},{day(n)},login" for n in range(40)]
    if customer in ("id", "email"):
        rows = [f"{'a@b.c' if customer == 'email' else ''}{n % 7},{100 + n % 9},{day(n)},login" for n in range(40)]
    sources, initial = proposed(tmp_path / "a.csv", f"{columns},time,event", rows)
    assert sources["events"]["columns"]["customer_id"] == customer
    asked = "events.customer_id: is each number one customer, and always written the same way?"
    assert (asked in initial.checks) == (customer in ("card_id", "msisdn"))


def test_of_two_sides_of_a_market_either_may_be_the_customer(tmp_path: Path) -> None:
    rows = [f"m{n % 7},p{n % 5},{day(n)},{n}.50" for n in range(40)]
    assert proposed(tmp_path / "a.csv", "merchant_id,payer_id,date,amount", rows)[1].checks == (
        "orders.customer_id: or payer_id?",
    )
    rows = [f"m{n % 7},p{n % 7},{day(n)},{n}.50" for n in range(40)]
    assert proposed(tmp_path / "a.csv", "account_id,customer_id,date,amount", rows)[1].checks == ()


def test_names_are_marked_since_two_customers_can_share_one(tmp_path: Path) -> None:
    names = ("Anna Berg", "Jan Olsen", "Kim Lee", "Eva Sommer")
    header = "Customer,Date,Order,Total"
    _, initial = proposed(tmp_path / "a.csv", header, [f"{names[n % 4]},{day(n)},{n},{n + 1}.50" for n in range(40)])
    assert initial.checks == (
        "orders.customer_id: holds names such as 'Anna Berg': customers of one name count as one",
    )
    _, initial = proposed(tmp_path / "a.csv", header, [f"Konto {n % 4},{day(n)},{n},{n + 1}.50" for n in range(40)])
    assert initial.checks == ()


def test_rows_without_a_customer_of_which_another_column_tells(tmp_path: Path) -> None:
    header = "order_id,customer_id,customer_email,date,amount"
    rows = [f"{n},{n % 7 if n % 4 else ''},b{n % 7}@shop.example,{day(n)},{n}.50" for n in range(40)]
    assert proposed(tmp_path / "a.csv", header, rows)[1].checks == (
        "orders.customer_id: 25.0 % of the rows have none and are left out; "
        "or customer_email, which more of them have?",
    )


def test_a_line_of_a_preset_is_marked_too(tmp_path: Path) -> None:
    header = "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email"
    rows = [
        f"ch_{n:05d},{day(n)},{n + 1}.50,0.00,usd,Paid,{f'cus_{n % 7:05d}' if n % 4 else ''},b{n % 7}@shop.example"
        for n in range(40)
    ]
    sources, initial = proposed(tmp_path / "payments.csv", header, rows)
    assert sources["orders"]["preset"] == "stripe_charges"
    assert initial.checks == (
        "orders.customer_id: 25.0 % of the rows have none and are left out; "
        "or Customer Email, which more of them have?",
    )
    assert "# check: 25.0 % of the rows have none" in initial.text


CONTACTS = "Record ID,Email,Lifecycle Stage,Create Date,Associated Company,Total Revenue"


def contact(number: int) -> str:
    stage = ("Customer", "Lead")[number % 2]
    return f"{9000 + number},b{number}@shop.example,{stage},{day(number)},Co {number // 2},{number * 3}.50"


def test_a_table_of_contacts_holds_no_orders_of_their_companies(tmp_path: Path) -> None:
    sources, _ = proposed(tmp_path / "all-contacts.csv", CONTACTS, [contact(n) for n in range(40)])
    assert sources["vectors"]["columns"] == {"customer_id": "Email"}


def test_orders_in_a_table_that_is_named_for_customers_are_asked_of(tmp_path: Path) -> None:
    rows = [f"c{n % 7},{day(n)},{n + 1}.50" for n in range(40)]
    _, initial = proposed(tmp_path / "clients.csv", "client,date,amount", rows)
    assert initial.checks == ("orders.ordered_at: clients is the name of a table of customers: is each row an order?",)
    assert proposed(tmp_path / "client_orders.csv", "client,date,amount", rows)[1].checks == ()


def test_rows_without_a_customer_are_told_of(tmp_path: Path) -> None:
    """A pivot table has the customer in the first row of each group, as a merged cell: most of the money was lost."""
    rows = [f"{n // 8 if n % 8 == 0 else ''},{day(n)},{n}.50" for n in range(40)]
    lines = describe_proposal(proposed(tmp_path / "a.csv", "customer,date,amount", rows)[1]).splitlines()
    assert (
        "a.csv: 87.5 % of the rows have no customer and are left out: where each stands in the first row of its group "
        "only, fill it down"
    ) in [line.removeprefix("warning: ") for line in lines]
    rows = [f"{n % 3 or ''},{day(n)},{n}.50" for n in range(39)]
    lines = describe_proposal(proposed(tmp_path / "a.csv", "customer,date,amount", rows)[1]).splitlines()
    assert "a.csv: 33.3 % of the rows have no customer and are left out" in lines


def test_the_date_of_the_order_is_asked_of_where_two_columns_say_it(tmp_path: Path) -> None:
    rows = [f"c{n % 7},{day(n)},{day(n + 1)},{n + 1}.50" for n in range(40)]
    _, initial = proposed(tmp_path / "a.csv", "account,CreatedDate,CloseDate,amount", rows)
    assert initial.checks == ("orders.ordered_at: or CreatedDate?",)


def test_a_code_of_all_rows_is_no_money_and_others_are_named(tmp_path: Path) -> None:
    rows = [f"c{n % 7},{day(n)},1000,{n + 1}.50,0.{n % 9}9" for n in range(40)]
    sources, initial = proposed(tmp_path / "orders.csv", "kunde,datum,vkorg,netwr,mwsbk", rows)
    assert sources["orders"]["columns"]["amount"] == "mwsbk"
    assert initial.checks == ("orders.amount: no name says which column is the money of the row; or netwr?",)


def test_rows_without_a_name_of_what_happened_may_be_no_events(tmp_path: Path) -> None:
    rows = [f"c{n % 7},{day(n)},{n}" for n in range(40)]
    _, initial = proposed(tmp_path / "a.csv", "customer,created,quantity", rows)
    assert initial.checks == ("events.occurred_at: no column says what happened then: is each row an event?",)
    assert proposed(tmp_path / "visits.csv", "customer,created,quantity", rows)[1].checks == ()


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ("amount", "currency USD, which nothing in the files says: write yours as features.currency"),
        ("amount_eur", "currency EUR, by the name amount_eur"),
        (None, None),
    ],
)
def test_the_currency_of_money_is_said(column: str | None, sentence: str | None, tmp_path: Path) -> None:
    header = f"user_id,ts,{column or 'event'}"
    rows = [f"c{n % 7},{day(n)},{n + 1 if column else 'login'}" for n in range(40)]
    lines = describe_proposal(proposed(tmp_path / "a.csv", header, rows)[1]).splitlines()
    assert [line for line in lines if line.startswith("currency")] == ([sentence] if sentence else [])


def test_a_refusal_says_what_of_the_file_was_not_read(tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    path.write_text("".join(json.dumps({"event": "a", "properties": {"id": n}}) + "\n" for n in range(9)))
    with pytest.raises(SourceError) as refused:
        initial_settings([path], tmp_path / "segments.yaml")
    assert "properties holds objects or lists, and is not read: write what you need of it as columns" in str(
        refused.value
    )


def test_nested_columns_of_parquet_are_named(tmp_path: Path) -> None:
    rows = [
        {"user_id": f"u{n % 7}", "event": "login", "ts": day(n), "device": {"os": "x"}, "plan": None} for n in range(40)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "events.parquet")
    lines = describe_proposal(initial_settings([tmp_path / "events.parquet"], tmp_path / "segments.yaml")).splitlines()
    assert (
        "events.parquet: device holds objects, lists or bytes, and is not read: write what you need of it as columns"
        in lines
    )


def test_how_a_file_is_read_names_it_once(tmp_path: Path) -> None:
    path = tmp_path / "rechnungen.csv"
    rows = [f"{n % 7};{day(n)};{n},50;grün" for n in range(40)]
    path.write_bytes("\r\n".join(["Kunde;Datum;Betrag;Farbe", *rows]).encode("cp1252"))
    lines = describe_proposal(initial_settings([path], tmp_path / "segments.yaml")).splitlines()
    assert "rechnungen.csv is read as cp1252 with the delimiter semicolon" in lines


def test_what_is_said_of_an_address_is_an_attribute_and_the_address_is_not(tmp_path: Path) -> None:
    header = "customer_id,email_opt_in,address_country,phone,first_name,visits"
    rows = [f"c{n},{'YNU'[n % 3]},{'DF'[n % 2]},+49{n},{('Ada', 'Max')[n % 2]},{n}" for n in range(60)]
    _, initial = proposed(tmp_path / "customers.csv", header, rows)
    (table,) = initial.proposal.tables
    assert [attribute.column for attribute in table.attributes] == ["email_opt_in", "address_country", "visits"]


def test_the_currency_is_that_of_the_money(tmp_path: Path) -> None:
    header = "order_id,customer_id,created_at,order_total,order_currency,base_total,base_currency"
    rows = [f"{n},c{n % 7},{day(n)},{n + 1}.50,{('USD', 'USD', 'EUR')[n % 3]},{n + 2}.10,EUR" for n in range(40)]
    sources, initial = proposed(tmp_path / "a.csv", header, rows)
    assert sources["orders"]["columns"]["currency"] == "order_currency"
    assert sources["orders"]["where"] == "order_currency = 'USD'"
    assert "orders.currency: is it that of order_total; or base_currency?" in initial.checks
    same = [row.replace("USD", "EUR") for row in rows]
    assert proposed(tmp_path / "a.csv", header, same)[1].checks == ()
