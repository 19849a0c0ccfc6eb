"""Names of columns are split into words of any style, and the words are known in several languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.inspection.names.meanings import AMOUNT_OF, CUSTOMER_KEY, ORDER_ID, ORDERED_AT, PRICE_OF
from features.inspection.names.name_words import currency_of, printable, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("customer_id", ("customer", "id")),
        ("CustomerID", ("customer", "id")),
        ("customerid", ("customer", "id")),
        ("CUSTOMER ID", ("customer", "id")),
        ("Kunden-Nr.", ("kunden", "nr")),
        ("KundenNr", ("kunden", "nr")),
        ("Kundennummer", ("kunden", "nummer")),
        ("Bestelldatum", ("bestell", "datum")),
        ("Auftragsbetrag", ("auftrags", "betrag")),
        ("numéro de commande", ("numero", "de", "commande")),
        ("MwSt", ("mwst",)),
        ("E-Mail", ("e", "mail")),
        ("XMLHttpRequest", ("xml", "http", "request")),
        ("Größe", ("grosse",)),
        ("total_eur", ("total", "eur")),
        ("discount %", ("discount", "percent")),
        ("顧客ID", ("id",)),
        ("Total (incl. VAT)", ("total", "incl")),
        ("amount_before_tax", ("amount", "excl")),
        ("tax included", ("tax", "included")),
        ("", ()),
    ],
)
def test_the_words_of_a_name(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


@given(st.text(max_size=200))
def test_any_name_has_words_of_small_letters(name: str) -> None:
    assert all(word == word.lower() and word for word in words_of(name))
    assert printable(name).isprintable()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("total_eur", "EUR"),
        ("USD amount", "USD"),
        ("Revenue ($)", "USD"),
        ("Preis €", "EUR"),
        ("eur", None),
        ("x", None),
    ],
)
def test_the_currency_of_a_name(name: str, code: str | None) -> None:
    assert currency_of(name) == code


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("customer_id", "customer_name"),
        ("customer_id", "customer_email"),
        ("user_id", "user_agent_id"),
        ("account", "account_status"),
        ("email", "email_opt_in_status"),
    ],
)
def test_a_plainer_name_of_the_customer_scores_higher(better: str, worse: str) -> None:
    assert CUSTOMER_KEY.score(better) > CUSTOMER_KEY.score(worse)


@pytest.mark.parametrize(
    "name", ["customer_type", "order_id", "product_id", "customer_city", "user_age", "customer_created_at"]
)
def test_a_name_about_something_else_is_no_customer(name: str) -> None:
    assert CUSTOMER_KEY.score(name) == 0


@pytest.mark.parametrize(
    "name", ["order_total_tax", "discount_amount", "shipping_total", "amount_refunded", "unit_price"]
)
def test_a_part_of_the_money_is_no_amount(name: str) -> None:
    assert AMOUNT_OF.score(name) == 0


@pytest.mark.parametrize(
    "name", ["shipped_at", "delivery_date", "updated_at", "birth_date", "cancelled_at", "due date"]
)
def test_another_moment_is_not_that_of_the_order(name: str) -> None:
    assert ORDERED_AT.score(name) == 0


def test_an_id_of_a_line_or_product_is_none_of_an_order() -> None:
    assert ORDER_ID.score("line_id") == ORDER_ID.score("product_id") == ORDER_ID.score("order_line_id") == 0
    assert ORDER_ID.score("order_id") == 1


def test_a_unit_price_is_a_price() -> None:
    assert PRICE_OF.score("unit price") == PRICE_OF.score("UnitPrice") == 1
