"""Which column is the money of an order, and what its values say against it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.initial_settings import initial_settings
from segment_model.errors import SourceError


def proposed(folder: Path, header: str, rows: Sequence[str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The sources that are proposed for a file, and what to check of them."""
    path = folder / "export.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    initial = initial_settings([path], folder / "segments.yaml")
    return yaml.safe_load(initial.text)["sources"], initial.checks


def day(number: int) -> str:
    return f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}"


def test_money_in_whole_units_is_no_id_of_an_order(tmp_path: Path) -> None:
    rows = [f"c{n % 7},{day(n)},{5000 - 7 * n}" for n in range(40)]
    sources, checks = proposed(tmp_path, "customer,order_date,order_total", rows)
    columns = {"customer_id": "customer", "ordered_at": "order_date", "amount": "order_total"}
    assert (sources["orders"]["columns"], checks) == (columns, ())
    with pytest.raises(SourceError, match=r"Gift Amount is money with a sign of its currency, such as '\$10\.50'"):
        proposed(tmp_path, "Donor ID,Gift Date,Gift Amount", [f"{n % 7},{day(n)},${n + 10}.50" for n in range(40)])


def test_an_id_that_comes_again_on_other_days_is_none_of_an_order(tmp_path: Path) -> None:
    """As the id of an order, a meter makes one order of all readings of a customer."""
    rows = [f"meter{n % 8},c{n % 8},{day(n)},{n}.50" for n in range(40)]
    assert "order_id" not in proposed(tmp_path, "meter_id,customer_no,date,amount", rows)[0]["orders"]["columns"]
    rows = [f"b{n // 2},c{n // 2 % 8},{day(n // 2)},{n}.50" for n in range(40)]
    sources, _ = proposed(tmp_path, "batch_id,customer_no,date,amount", rows)
    assert sources["orders"]["columns"]["order_id"] == "batch_id"


def test_credits_beside_debits_are_told_of(tmp_path: Path) -> None:
    rows = [f"c{n % 7},{day(n)},{n}.50," if n % 4 else f"c{n % 7},{day(n)},,{n}.50" for n in range(40)]
    sources, checks = proposed(tmp_path, "customer,date,amount,credit", rows)
    assert sources["orders"]["columns"]["amount"] == "amount"
    assert checks == (
        "orders.amount: 25.0 % of the rows have none and are left out; they have credit instead: or is it both?",
    )
    once = [f"c{n % 7},{day(n)},{'' if n % 4 else n + 1},{n}.50" for n in range(40)]
    assert proposed(tmp_path, "customer,date,amount,credit", once)[1] == ()


def test_money_that_only_grows_for_each_customer_is_a_running_total(tmp_path: Path) -> None:
    rows = [f"c{n % 7},{day(n)},{100 * (7 - n % 7) + n // 7 * 5}" for n in range(42)]
    assert proposed(tmp_path, "customer,date,total_paid", rows)[1] == (
        "orders.amount: it grows from row to row of a customer, as a running total or a meter does, and each row "
        "counts in full",
    )
    by_the_row = [f"c{n % 7},{day(n)},{n + 1}.50" for n in range(42)]
    assert proposed(tmp_path, "customer,date,total_paid", by_the_row)[1] == (), "numbered through, not by customer"


def test_money_that_is_mostly_negative_may_be_what_customers_pay(tmp_path: Path) -> None:
    rows = [f"c{n % 7},{day(n)},{'-' if n % 4 else ''}{n + 1}.50" for n in range(40)]
    assert proposed(tmp_path, "account,date,amount", rows)[1] == (
        "orders.refunds: 75.0 % of the rows are negative, which is most: if they are what customers pay, write them "
        "without the minus; or netted, or kept?",
    )


def test_coins_are_no_currency(tmp_path: Path) -> None:
    """The settings that were proposed before were refused: money in several currencies."""
    rows = [f"p{n % 7},{day(n)},{n + 1}.50,{'COINS' if n % 3 else 'USD'}" for n in range(40)]
    sources, checks = proposed(tmp_path, "player_id,date,amount,currency", rows)
    assert sources["orders"]["where"] == "currency = 'USD'"
    assert checks == ("orders.where: leaves out money in COINS; or give exchange_rates",)


def test_a_number_whose_name_says_nothing_is_a_guess(tmp_path: Path) -> None:
    rows = [f"c{n % 7},{day(n)},{5000 - 7 * n}.25" for n in range(40)]
    assert proposed(tmp_path, "customer,date,reading", rows)[1] == (
        "orders.amount: no name says which column is the money of the row; is it this?",
    )


def test_money_with_and_without_taxes_is_money(tmp_path: Path) -> None:
    """The words for taxes had ruled both out, and the rows were events."""
    rows = [f"c{n % 7},{day(n)},{n + 1}.00,{n + 1}.19" for n in range(40)]
    sources, checks = proposed(tmp_path, "customer,date,Total excl. VAT,Total incl. VAT", rows)
    assert sources["orders"]["columns"]["amount"] == "Total incl. VAT"
    assert checks == ("orders.amount: or Total excl. VAT?",)
    rows = [f"c{n % 7},{day(n)},{n % 3 + 1},{n + 1}.00,{n + 1}.19" for n in range(40)]
    sources, checks = proposed(tmp_path, "customer,date,qty,price_ex_vat,price_inc_vat", rows)
    assert sources["orders"]["columns"]["price"] == "price_ex_vat"
    assert checks == ("orders.price: or price_inc_vat?",)
