"""Money in one currency, in whole units and less what was given back; what was settled is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.customer_vector import build_vectors
from features.settings import FeatureSettings, Sources
from features.vector_table import CustomerVectors
from segment_model.errors import SourceError

AS_OF = date(2026, 7, 1)


def built(folder: Path, orders: Mapping[str, Any], source: Mapping[str, Any], **features: Any) -> CustomerVectors:
    frame = pd.DataFrame({"ordered_at": "2026-06-30 10:00", **orders})
    frame.to_csv(folder / "orders.csv", index=False)
    sources = Sources.model_validate({"orders": {"file": "orders.csv", **source}})
    return build_vectors(sources, FeatureSettings.model_validate(features), AS_OF, folder)


def money(vectors: CustomerVectors) -> dict[str, float]:
    return {str(name): float(sum_) for name, sum_ in vectors.frame.monetary_value.items()}


MIXED = {"customer_id": ["a", "a", "b"], "amount": [10, 20, 30], "currency": ["EUR", " eur ", "USD"]}


def test_several_currencies_are_an_error_that_names_and_counts_them(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        built(tmp_path, MIXED, {}, currency="USD")
    assert str(caught.value) == (
        "orders: money is in several currencies (EUR in 2 rows, USD in 1 row); choose one by where: currency = 'EUR', "
        "or give `exchange_rates` to features.currency (USD)"
    )


def test_the_condition_that_chooses_a_currency_keeps_the_one_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="choose one by where: \\(amount > 1\\) and currency = 'EUR', or"):
        built(tmp_path, MIXED, {"where": "amount > 1"}, currency="USD")


def test_where_picks_one_currency(tmp_path: Path) -> None:
    vectors = built(tmp_path, MIXED, {"where": "currency = 'USD'"}, currency="USD")
    assert money(vectors) == {"b": 30}
    assert vectors.report["orders"]["left_out_by_where"] == 2
    assert [notice.line for notice in vectors.notices] == ["orders: all money is in USD"]


def test_exchange_rates_convert_into_the_currency_of_the_features(tmp_path: Path) -> None:
    vectors = built(tmp_path, MIXED, {"exchange_rates": {"eur": 1.25}}, currency="USD")
    assert money(vectors) == {"a": 37.5, "b": 30}
    assert [notice.line for notice in vectors.notices] == [
        "orders: money is converted into USD (1 EUR = 1.25 USD, 1 USD = 1 USD)"
    ]
    assert "currency" not in vectors.columns["orders"]


def test_a_currency_without_a_rate_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no rate to GBP for USD in 1 row; add it"):
        built(tmp_path, MIXED, {"exchange_rates": {"EUR": 0.85}}, currency="GBP")


def test_a_rare_currency_without_a_rate_is_an_error_beside_however_many_with_one(tmp_path: Path) -> None:
    usual = [f"X{letter}X" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    codes = [*usual, *usual, "ZZZ"]
    orders = {"customer_id": [f"c{n}" for n in range(len(codes))], "amount": 1.0, "currency": codes}
    with pytest.raises(SourceError, match=r"no rate to USD for ZZZ in 1 row; add it"):
        built(tmp_path, orders, {"exchange_rates": dict.fromkeys(usual, 2.0)}, currency="USD")


def test_a_blank_currency_is_counted_beside_however_many_with_a_rate(tmp_path: Path) -> None:
    usual = [f"X{letter}X" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    codes = [*usual, *usual, None]
    orders = {"customer_id": [f"c{n}" for n in range(len(codes))], "amount": 1.0, "currency": codes}
    vectors = built(tmp_path, orders, {"exchange_rates": dict.fromkeys(usual, 2.0)}, currency="USD")
    assert vectors.report["orders"]["without_currency"] == 1


def test_a_rate_of_the_own_currency_is_1(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the rate of USD itself is 1"):
        built(tmp_path, MIXED, {"exchange_rates": {"USD": 0.85}}, currency="USD")


def test_rates_need_the_column_of_currencies(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"write columns: \{currency: your_name\}"):
        built(tmp_path, {"customer_id": ["a"], "amount": [1]}, {"exchange_rates": {"EUR": 0.85}})


def test_one_other_currency_than_the_settings_say_is_a_warning(tmp_path: Path) -> None:
    orders = {"customer_id": ["a", "b"], "total": [10, 20], "Cur": ["EUR", None]}
    vectors = built(tmp_path, orders, {"columns": {"amount": "total", "currency": "Cur"}}, currency="USD")
    assert money(vectors) == {"a": 10, "b": 20}
    assert [notice.line for notice in vectors.notices] == [
        "warning: orders: all money is in EUR, but features.currency is USD: write `currency: EUR` there, or "
        "`exchange_rates`",
        "warning: orders: 1 row with money has no 'Cur': the money is taken as EUR",
    ]
    assert vectors.report["orders"]["without_currency"] == 1


def test_a_row_without_money_needs_no_currency(tmp_path: Path) -> None:
    orders = {"customer_id": ["a", "a", "b"], "amount": [10, None, 0], "currency": ["EUR", None, "JPY"]}
    vectors = built(tmp_path, orders, {"exchange_rates": {"EUR": 2}}, currency="USD")
    assert money(vectors) == {"a": 20, "b": 0}
    assert "without_currency" not in vectors.report["orders"]


def test_a_blank_currency_has_no_rate_and_no_money(tmp_path: Path) -> None:
    orders = {"customer_id": ["a", "a"], "amount": [10, 5], "currency": ["EUR", None]}
    vectors = built(tmp_path, orders, {"exchange_rates": {"EUR": 2}}, currency="USD")
    assert money(vectors) == {"a": 20}
    assert vectors.report["orders"]["without_usable_amount"] == vectors.report["orders"]["without_currency"] == 1
    assert (
        vectors.notices[-1].line
        == "warning: orders: 1 row with money has no 'currency': the money is treated as missing"
    )


def test_a_name_that_is_no_code_is_not_compared(tmp_path: Path) -> None:
    orders = {"customer_id": ["a"], "amount": [10], "currency": ["EUR"]}
    assert not any(notice.warning for notice in built(tmp_path, orders, {}, currency="€").notices)


def test_minor_units_by_currency(tmp_path: Path) -> None:
    orders = {"customer_id": ["a", "b", "c"], "amount": [1099, 500, 12345], "currency": ["usd", "jpy", "kwd"]}
    vectors = built(tmp_path, orders, {"minor_units": True, "exchange_rates": {"jpy": 0.01, "kwd": 3}}, currency="USD")
    assert money(vectors) == {"a": 10.99, "b": 5, "c": 37.035}


def test_minor_units_of_the_currency_of_the_features(tmp_path: Path) -> None:
    orders = {"customer_id": ["a"], "quantity": [3], "price": [250], "discount": [50]}
    assert money(built(tmp_path, orders, {"minor_units": True}, currency="EUR")) == {"a": 7.5}
    assert money(built(tmp_path, orders, {"minor_units": True}, currency="JPY")) == {"a": 750}


def test_subscriptions_are_converted_too(tmp_path: Path) -> None:
    terms = {"customer_id": ["a", "b"], "started_at": "2026-01-01", "mrr": [100, 30], "currency": ["GBP", "EUR"]}
    pd.DataFrame(terms).to_parquet(tmp_path / "terms.parquet")
    source = {"file": "terms.parquet", "exchange_rates": {"GBP": 1.5}}
    chosen = FeatureSettings(currency="EUR")
    vectors = build_vectors(Sources.model_validate({"subscriptions": source}), chosen, AS_OF, tmp_path)
    assert vectors.frame.mrr.to_dict() == {"a": 150, "b": 30}


REFUNDS = {
    "customer_id": ["part", "full", "more", "sign", "both", "both"],
    "order_id": ["1", "2", "3", "4", "5", "6"],
    "amount": [100.1, 50.3, 50, 80, 20, 30],
    "refunded_amount": [30.05, 50.3, 60, -80.5, None, 0],
}


def test_a_row_given_back_in_full_is_no_purchase_where_refunds_are_dropped(tmp_path: Path) -> None:
    vectors = built(tmp_path, REFUNDS, {})
    assert money(vectors) == {"part": 70.05, "both": 50}
    assert vectors.report["orders"] == {
        "rows": 6,
        "without_customer": 0,
        "without_time": 0,
        "not_before_as_of": 0,
        "with_refunded_amount": 4,
        "refunded_in_full_dropped": 3,
        "without_usable_amount": 0,
        "refunds_dropped": 0,
        "used": 3,
    }
    assert vectors.columns["orders"] == ("customer_id", "ordered_at", "order_id", "amount")


def test_it_stays_a_purchase_where_refunds_are_netted(tmp_path: Path) -> None:
    vectors = built(tmp_path, REFUNDS, {}, rfm={"refunds": "netted"})
    assert money(vectors) == {"part": 70.05, "full": 0, "more": -10, "sign": -0.5, "both": 50}
    # more than its amount was given back: a refund, as a row with a negative amount
    assert vectors.frame.frequency.to_dict() == {"both": 2, "full": 1, "more": 0, "part": 1, "sign": 0}


def test_refunds_of_quantity_and_price(tmp_path: Path) -> None:
    orders = {"customer_id": ["a"], "quantity": [3], "price": [10], "refunded_amount": [5]}
    assert money(built(tmp_path, orders, {})) == {"a": 25}


@pytest.mark.parametrize("key", [{"exchange_rates": {"EUR": 1}}, {"minor_units": True}])
@pytest.mark.parametrize("table", ["events", "customers", "vectors"])
def test_other_tables_have_no_money(table: str, key: dict[str, Any]) -> None:
    needed = {"attributes": {"plan": {"kind": "category"}}} if table == "customers" else {}
    with pytest.raises(ValueError, match=f"{table} has no money"):
        Sources.model_validate({table: {"file": "table.csv", **needed, **key}})


@pytest.mark.parametrize("rate", [0, -1, 1e7])
def test_a_rate_is_a_positive_number(rate: float) -> None:
    with pytest.raises(ValueError, match="exchange_rates"):
        Sources.model_validate({"orders": {"file": "orders.csv", "exchange_rates": {"EUR": rate}}})


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.integers(0, 10_000).map(lambda cents: cents / 100),
        st.integers(0, 10_000).map(lambda cents: cents / 100),
        st.sampled_from(["EUR", "usd"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=8)
@given(rows=ROWS)
def test_money_is_what_plain_python_sums(rows: list[tuple[str, float, float, str]], tmp_path_factory: Any) -> None:
    orders = dict(zip(("customer_id", "amount", "refunded_amount", "currency"), zip(*rows, strict=True), strict=True))
    source = {"exchange_rates": {"usd": 0.5}}
    rules = {"refunds": "netted", "scores": False}
    vectors = built(tmp_path_factory.mktemp("money"), orders, source, currency="EUR", rfm=rules)
    expected: dict[str, int] = {}
    for customer, amount, refunded, currency in rows:
        rate = 0.5 if currency == "usd" else 1.0
        expected[customer] = expected.get(customer, 0) + round((amount * rate - refunded * rate) * 10_000)
    assert money(vectors) == {customer: total / 10_000 for customer, total in expected.items()}
