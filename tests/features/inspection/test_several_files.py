"""Several files: which is which, and which column of each is the customer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.initial_settings import initial_settings
from segment_model.errors import SourceError


def write(folder: Path, **tables: list[str]) -> list[Path]:
    paths = []
    for name, lines in tables.items():
        paths.append(folder / f"{name}.csv")
        paths[-1].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return paths


def content(folder: Path, files: list[Path]) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(initial_settings(files, folder / "segments.yaml").text)
    return loaded


CUSTOMERS = ["id,city,vip", *(f"{n},{('Bonn', 'Kiel')[n % 2]},{('yes', 'no')[n % 3 == 0]}" for n in range(1, 31))]
ORDERS = [
    "id,customer_id,created_at,total",
    *(f"{n},{1 + n % 30},2026-0{1 + n // 28 % 5}-{1 + n % 28:02d},{n}.50" for n in range(1, 121)),
]
PRODUCTS = ["product_id,product_name,price", *(f"{n},Thing {n},{n}.99" for n in range(1, 31))]


def test_a_number_of_an_order_is_no_customer(tmp_path: Path) -> None:
    """The ids of orders cover those of all customers by chance; the name tells them apart."""
    sources = content(tmp_path, write(tmp_path, orders=ORDERS, customers=CUSTOMERS))["sources"]
    assert sources["orders"]["columns"]["customer_id"] == "customer_id"
    assert sources["orders"]["columns"]["order_id"] == "id"
    assert sources["customers"]["columns"] == {"customer_id": "id"}
    assert sources["customers"]["attributes"] == {"city": {"kind": "category"}, "vip": {"kind": "flag"}}


def test_a_table_of_something_else_is_left_out_and_named(tmp_path: Path) -> None:
    files = write(tmp_path, orders=ORDERS, customers=CUSTOMERS, products=PRODUCTS)
    text = initial_settings(files, tmp_path / "segments.yaml").text
    assert set(yaml.safe_load(text)["sources"]) == {"orders", "customers"}
    assert "not used: products.csv" in text


def test_a_table_that_names_subscriptions_alone_says_where_their_customers_are(tmp_path: Path) -> None:
    terms = [
        "id,account_id,plan,start_date,mrr",
        *(f"S-{n},{1 + n % 20},{('basic', 'pro')[n % 2]},2026-0{1 + n % 3}-01,2{n}.5" for n in range(1, 31)),
    ]
    events = [
        "subscription_id,event,occurred_at",
        *(f"S-{1 + n % 30},{('login', 'export')[n % 2]},2026-03-{1 + n % 28:02d}" for n in range(120)),
    ]
    text = initial_settings(write(tmp_path, subscriptions=terms, events=events), tmp_path / "segments.yaml").text
    assert set(yaml.safe_load(text)["sources"]) == {"subscriptions"}
    assert (
        "# not used: events.csv: it has subscription_id and no customer; to use it, write the account_id that "
        "subscriptions.csv has for each id into it" in text
    )


def test_the_column_is_found_by_its_values(tmp_path: Path) -> None:
    """No name says whose row it is, and both tables have the same texts in one column."""
    orders = [line.replace("customer_id", "alpha") for line in ORDERS]
    orders = [orders[0], *(line.replace(f",{line.split(',')[1]},", f",zx{line.split(',')[1]},") for line in orders[1:])]
    customers = [CUSTOMERS[0].replace("id", "beta"), *(f"zx{line}" for line in CUSTOMERS[1:])]
    sources = content(tmp_path, write(tmp_path, a=orders, b=customers))["sources"]
    assert sources["orders"]["columns"]["customer_id"] == "alpha"
    assert sources["customers"]["columns"]["customer_id"] == "beta"


def test_two_files_that_share_no_ids(tmp_path: Path) -> None:
    orders = [ORDERS[0], *(f"{line.split(',')[0]},X{line.split(',', 1)[1]}" for line in ORDERS[1:])]
    with pytest.raises(SourceError, match=r"orders\.csv \(customer_id\) and customers\.csv \(id\) share no ids"):
        content(tmp_path, write(tmp_path, orders=orders, customers=CUSTOMERS))


def test_ids_that_meet_without_leading_zeros(tmp_path: Path) -> None:
    """One export wrote the ids as numbers, the other with their zeros."""
    customers = [CUSTOMERS[0], *(f"000{line}" for line in CUSTOMERS[1:])]
    text = content(tmp_path, write(tmp_path, orders=ORDERS, customers=customers))
    assert text["features"]["ids"] == {"leading_zeros": "strip"}
    assert text["sources"]["orders"]["columns"]["customer_id"] == "customer_id"
    as_written = content(tmp_path, write(tmp_path, orders=ORDERS, customers=CUSTOMERS))
    assert "ids" not in as_written["features"]


def test_the_order_of_the_files_does_not_matter(tmp_path: Path) -> None:
    files = write(tmp_path, orders=ORDERS, customers=CUSTOMERS, products=PRODUCTS)
    assert content(tmp_path, files)["sources"] == content(tmp_path, files[::-1])["sources"]


def test_parts_of_one_table_become_a_pattern(tmp_path: Path) -> None:
    later = [ORDERS[0], *(line.replace("2026-", "2027-") for line in ORDERS[1:])]
    files = write(tmp_path, orders_2026=ORDERS, orders_2027=later, customers=CUSTOMERS)
    settings = content(tmp_path, files)
    assert settings["sources"]["orders"]["file"] == "orders_*.csv"
    assert settings["as_of"].isoformat() == "2027-05-10"


def test_parts_of_one_table_may_order_their_columns_otherwise(tmp_path: Path) -> None:
    """An export of another year begins with another column; no row of it is lost."""
    later = ["total,created_at,customer_id,id"]
    for line in ORDERS[1:]:
        order, customer, day, total = line.replace("2026-", "2027-").split(",")
        later.append(f"{total},{day},{customer},{int(order) + 1000}")
    orders = initial_settings(write(tmp_path, orders_2026=ORDERS, orders_2027=later), tmp_path / "segments.yaml")
    assert orders.proposal.tables[0].look.rows == 240
    assert yaml.safe_load(orders.text)["sources"]["orders"]["file"] == "orders_*.csv"
    assert yaml.safe_load(orders.text)["as_of"].isoformat() == "2027-05-10"


def test_parts_that_no_pattern_names_alone(tmp_path: Path) -> None:
    files = write(tmp_path, orders_2026=ORDERS, orders_2028=ORDERS, orders_2027=["a,b", "1,2"])
    with pytest.raises(SourceError, match=r"orders_2026\.csv, orders_2028\.csv have the same columns"):
        content(tmp_path, files[:2])


def test_money_with_a_sign_of_its_currency_is_refused(tmp_path: Path) -> None:
    orders = [ORDERS[0], *(f"{line.rpartition(',')[0]},$1{line.rpartition(',')[2]}" for line in ORDERS[1:])]
    with pytest.raises(SourceError, match="total is money with a sign of its currency, such as '\\$1"):
        content(tmp_path, write(tmp_path, orders=orders))


def test_few_shared_ids_are_marked(tmp_path: Path) -> None:
    customers = [*CUSTOMERS[:11], *(f"9{line}" for line in CUSTOMERS[11:])]
    text = initial_settings(write(tmp_path, orders=ORDERS, customers=customers), tmp_path / "segments.yaml").text
    assert "# check: only 33 % of the ids are in another file" in text


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ([str(45_000 + n) for n in range(120)], "for 45000 seems to be a spreadsheet's number of the day 2023-03-15"),
        ([("2026-03-01", "13/03/2026")[n % 2] for n in range(120)], "write all of its values one way"),
    ],
    ids=["days of a spreadsheet", "two formats"],
)
def test_orders_whose_dates_cannot_be_read_say_so(dates: list[str], words: str, tmp_path: Path) -> None:
    orders = ["number,customer,order_date,total", *(f"{n},{1 + n % 30},{day},{n}.50" for n, day in enumerate(dates))]
    with pytest.raises(SourceError, match=r"order_date would be the date, but .* is none that can be read") as caught:
        initial_settings(write(tmp_path, orders=orders), tmp_path / "segments.yaml")
    assert words in str(caught.value)


def test_the_ids_of_payments_are_no_customers(tmp_path: Path) -> None:
    """As in a well-known example of a shop: payments name their order, and orders their customer."""
    orders = [
        "id,user_id,order_date,status",
        *(f"{n},{1 + n % 20},2026-01-{1 + n % 28:02d},completed" for n in range(1, 61)),
    ]
    payments = [
        "id,order_id,payment_method,amount",
        *(f"{n},{n},{('card', 'coupon')[n % 2]},{n}00" for n in range(1, 61)),
    ]
    people = ["id,first_name,city", *(f"{n},Ana {n},{('Bonn', 'Kiel')[n % 2]}" for n in range(1, 21))]
    files = write(tmp_path, raw_orders=orders, raw_payments=payments, raw_customers=people)
    text = initial_settings(files, tmp_path / "segments.yaml").text
    assert yaml.safe_load(text)["sources"]["customers"]["file"] == "raw_customers.csv"
    assert "not used: raw_payments.csv" in text
    (tmp_path / "raw_customers.csv").write_text("id,first_name\n" + "".join(f"{n},Ana {n}\n" for n in range(1, 21)))
    text = initial_settings(files, tmp_path / "segments.yaml").text
    assert "raw_customers.csv: one row for each id, with nothing that describes a customer but ids, names" in text
