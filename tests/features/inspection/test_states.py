"""Rows that do not count by their state: lost deals, unpaid invoices, trials; what is not certain of it is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from features.customer_vector import build_vectors
from jobs.initial_settings import initial_settings
from training.settings import parse_settings

ORDERS = "order_id,customer_id,order_date,amount"
TERMS = "customer_id,started_at,mrr"


def proposed(folder: Path, header: str, row: Callable[[int], str], file: str = "export.csv") -> tuple[Any, list[str]]:
    """The sources that `init` proposes for forty rows, and what it asks to check."""
    path = folder / file
    path.write_text("\n".join([header, *map(row, range(40))]) + "\n", encoding="utf-8")
    initial = initial_settings([path], folder / "segments.yaml")
    return yaml.safe_load(initial.text)["sources"], list(initial.checks)


def order(number: int) -> str:
    return f"{number},c{number % 7},2026-{1 + number // 28:02d}-{1 + number % 28:02d},{number + 1}.50"


def term(number: int) -> str:
    return f"a{number},2026-01-{1 + number % 28:02d},{number + 1}.50"


@pytest.mark.parametrize(
    ("column", "states", "condition", "counts"),
    [
        ("StageName", ("Closed Won", "Closed Lost", "Prospecting"), "StageName in ('Closed Won')", "Closed Won"),
        ("Zahlungsstatus", ("bezahlt", "offen"), "Zahlungsstatus not in ('offen')", "bezahlt"),
        ("outcome", ("success", "failed"), "outcome not in ('failed')", "success"),
        ("status", ("Paid", "Not Paid", "Payment Due"), "status not in ('Not Paid', 'Payment Due')", "Paid"),
        ("status", ("partially refunded", "void"), "status not in ('void')", "partially refunded"),
    ],
)
def test_states_of_no_purchase_are_left_out(
    column: str, states: tuple[str, ...], condition: str, counts: str, tmp_path: Path
) -> None:
    sources, checks = proposed(tmp_path, f"{ORDERS},{column}", lambda n: f"{order(n)},{states[n % len(states)]}")
    assert sources["orders"]["where"] == condition
    assert checks == [f"orders.where: counts {counts}"]


def test_states_that_no_word_explains_all_count_and_are_named(tmp_path: Path) -> None:
    sources, checks = proposed(tmp_path, f"{ORDERS},status", lambda n: f"{order(n)},{('A', 'C')[n % 2]}")
    assert "where" not in sources["orders"]
    assert checks == ["orders.amount: every status counts: A, C"]
    assert proposed(tmp_path, f"{ORDERS},state", lambda n: f"{order(n)},{('NY', 'CA')[n % 2]}")[1] == []


@pytest.mark.parametrize("column", ["LineType", "Vorgang"])
def test_lines_of_returns_are_left_out_where_their_money_has_no_minus(column: str, tmp_path: Path) -> None:
    """A till writes a return as a type of line; added up, it would count as a sale."""
    types = ("SALE", "RETURN", "SALE", "VOID")
    sources, checks = proposed(tmp_path, f"{ORDERS},{column}", lambda n: f"{order(n)},{types[n % 4]}")
    assert sources["orders"]["where"] == f"{column} not in ('RETURN', 'VOID')"
    assert checks == ["orders.where: counts SALE"]

    def with_sign(number: int) -> str:
        money = f"{'-' if number % 4 == 1 else ''}{number + 1}.50"
        return f"{order(number).rpartition(',')[0]},{money},{types[number % 4]}"

    sources, _ = proposed(tmp_path, f"{ORDERS},{column}", with_sign)
    assert sources["orders"]["where"] == f"{column} not in ('VOID')", "what to do with a minus, `refunds` says"


@pytest.mark.parametrize(
    ("column", "kinds"),
    [("transaction_type", ("earn", "redeem", "transfer")), ("dr_cr", ("D", "C")), ("Af Bij", ("Af", "Bij"))],
)
def test_kinds_of_rows_that_no_word_explains_all_count_and_are_named(
    column: str, kinds: tuple[str, ...], tmp_path: Path
) -> None:
    sources, checks = proposed(tmp_path, f"{ORDERS},{column}", lambda n: f"{order(n)},{kinds[n % len(kinds)]}")
    assert "where" not in sources["orders"]
    assert checks == [f"orders.amount: every {column} counts: {', '.join(sorted(kinds))}"]


@pytest.mark.parametrize("column", ["payment_type", "product_type", "category"])
def test_ways_of_paying_and_what_is_sold_are_no_kinds_of_rows(column: str, tmp_path: Path) -> None:
    assert proposed(tmp_path, f"{ORDERS},{column}", lambda n: f"{order(n)},{'abc'[n % 3]}")[1] == []


@pytest.mark.parametrize(("column", "mark"), [("cancelled_at", "2026-02-01 10:00:00"), ("Storniert", "X")])
def test_a_column_that_marks_cancelled_rows_leaves_them_out(column: str, mark: str, tmp_path: Path) -> None:
    sources, checks = proposed(tmp_path, f"{ORDERS},{column}", lambda n: f"{order(n)},{'' if n % 5 else mark}")
    assert sources["orders"]["where"] == f"{column} is null"
    assert checks == [f"orders.where: leaves out the rows in which {column} is filled"]


def test_terms_that_no_column_ends_run_on(tmp_path: Path) -> None:
    sources, checks = proposed(tmp_path, f"{TERMS},DurationMonths", lambda n: f"{term(n)},{1 + n % 12}")
    assert "ended_at" not in sources["subscriptions"]["columns"]
    assert checks == [
        "subscriptions.started_at: no column says when terms end, so all of them run on. DurationMonths may say how "
        "long they are: write when each ends into a column"
    ]


def test_words_of_a_flag_that_leaves_rows_out_are_settings(tmp_path: Path) -> None:
    """Without them the settings that were proposed were refused: Ja is no flag."""
    sources, _ = proposed(tmp_path, f"{ORDERS},storniert", lambda n: f"{order(n)},{'Nein' if n % 5 else 'Ja'}")
    orders = sources["orders"]
    assert (orders["where"], orders["true_values"], orders["false_values"]) == ("not storniert", ["ja"], ["nein"])


def test_terms_for_which_nothing_is_paid_are_left_out(tmp_path: Path) -> None:
    states = ("active", "trialing", "past_due", "incomplete_expired")
    sources, checks = proposed(tmp_path, f"{TERMS},status", lambda n: f"{term(n)},{states[n % 4]}")
    assert sources["subscriptions"]["where"] == "status not in ('incomplete_expired', 'trialing')"
    assert checks == ["subscriptions.where: counts active, past_due"]


def test_terms_of_a_state_that_may_not_be_paid_are_named(tmp_path: Path) -> None:
    states = ("active", "paused")
    _, checks = proposed(tmp_path, f"{TERMS},status", lambda n: f"{term(n)},{states[n % 2]}")
    counts = "rows of paused count as well: if nothing is paid then, leave them out by `where`"
    assert checks == [f"subscriptions.mrr: {counts}"]
    assert proposed(tmp_path, f"{TERMS},status", lambda n: f"{term(n)},active")[1] == []


def test_terms_that_are_over_and_have_no_end_are_named(tmp_path: Path) -> None:
    run_on = "rows of cancelled have no end, and so run on: write it, or leave them out by `where`"
    states = ("active", "cancelled")
    _, checks = proposed(tmp_path, f"{TERMS},status", lambda n: f"{term(n)},{states[n % 2]}")
    assert checks == [f"subscriptions.started_at: {run_on}"]
    header = f"{TERMS},ended_at,status"
    _, checks = proposed(tmp_path, header, lambda n: f"{term(n)},{'2026-01-29' if n % 4 == 1 else ''},{states[n % 2]}")
    assert f"subscriptions.ended_at: {run_on}" in checks
    _, checks = proposed(tmp_path, header, lambda n: f"{term(n)},{'2026-01-29' if n % 2 else ''},{states[n % 2]}")
    assert not [check for check in checks if "run on" in check]


def test_money_that_is_alike_beside_several_seats_may_be_that_of_one(tmp_path: Path) -> None:
    def of_list(number: int) -> str:
        return f"a{number},2026-01-{1 + number % 28:02d},{(9, 29)[number % 2]},{1 + number // 2 % 5}"

    asked = "subscriptions.mrr: the same money stands beside 1 and more quantity: if it is that of one, write it times"
    header, file = "customer_id,started_at,amount,quantity", "subscriptions.csv"
    assert [check for check in proposed(tmp_path, header, of_list, file)[1] if check.startswith(asked)]

    def in_total(number: int) -> str:
        return f"a{number},2026-01-{1 + number % 28:02d},{9 * (1 + number // 2 % 5) + number % 2},{1 + number // 2 % 5}"

    assert not [check for check in proposed(tmp_path, header, in_total, file)[1] if "the same money" in check]


@pytest.mark.parametrize(
    ("word", "form", "reason"),
    [
        ("00000000", "%Y%m%d", "taken for no date: 00000000"),
        ("00.00.0000", "%d.%m.%Y", "taken for no date: 00.00.0000"),
        ("open", "%Y-%m-%d", "taken for no date: open"),
        ("1900-01-01", "%Y-%m-%d", "1900-01-01 is before the start, and so taken for no end"),
    ],
)
def test_a_word_or_a_day_that_stands_for_no_end_is_named(word: str, form: str, reason: str, tmp_path: Path) -> None:
    """Without it nobody's contract ended, or everybody's did before it began."""

    def contract(number: int) -> str:
        start = date(2026, 1, 1) + timedelta(number)
        end = word if number % 3 else (start + timedelta(90)).strftime(form)
        return f"a{number},{start.strftime(form)},{end},{number + 1}.50"

    sources, checks = proposed(tmp_path, "customer_id,start_date,end_date,monthly_price", contract)
    assert sources["subscriptions"]["columns"]["ended_at"] == "end_date"
    assert sources["subscriptions"]["null_values"] == {"end_date": [word]}
    assert f"subscriptions.null_values: {reason}" in checks


def test_a_day_for_no_end_in_a_column_of_dates(tmp_path: Path) -> None:
    days = [datetime(2026, 1, 1) + timedelta(number) for number in range(40)]
    ends = [datetime(1900, 1, 1) if number % 3 else day + timedelta(90) for number, day in enumerate(days)]
    ids = [f"a{number}" for number in range(40)]
    table = pa.table({"customer_id": ids, "start_date": days, "end_date": ends, "monthly_price": [9.5] * 40})
    pq.write_table(table, tmp_path / "contracts.parquet")
    initial = initial_settings([tmp_path / "contracts.parquet"], tmp_path / "segments.yaml")
    settings = parse_settings(yaml.safe_load(initial.text), "segments.yaml")
    vectors = build_vectors(settings.sources, settings.features, date(2026, 3, 1), tmp_path)
    assert vectors.frame.mrr.sum() == 9.5 * 40
