"""Rows that do not count by their state: lost deals, unpaid invoices, trials; what is not certain of it is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.initial_settings import initial_settings

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


@pytest.mark.parametrize(("column", "mark"), [("cancelled_at", "2026-02-01 10:00:00"), ("Storniert", "X")])
def test_a_column_that_marks_cancelled_rows_leaves_them_out(column: str, mark: str, tmp_path: Path) -> None:
    sources, checks = proposed(tmp_path, f"{ORDERS},{column}", lambda n: f"{order(n)},{'' if n % 5 else mark}")
    assert sources["orders"]["where"] == f"{column} is null"
    assert checks == [f"orders.where: leaves out the rows that have a {column}"]


def test_terms_for_which_nothing_is_paid_are_left_out(tmp_path: Path) -> None:
    states = ("active", "trialing", "past_due", "incomplete_expired")
    sources, checks = proposed(tmp_path, f"{TERMS},status", lambda n: f"{term(n)},{states[n % 4]}")
    assert sources["subscriptions"]["where"] == "status not in ('incomplete_expired', 'trialing')"
    assert checks == ["subscriptions.where: counts active, past_due"]


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
