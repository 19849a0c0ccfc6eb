"""Rows of days to come, planned or misread, do not move the as-of date that is proposed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from features.inspection.settings_text import content_of
from jobs.initial_settings import InitialSettings, initial_settings
from segment_model.errors import SourceError

TODAY = date(2026, 4, 20)
ORDERS = [
    "order_id,customer_id,order_date,amount",
    *(f"{n},K{n % 9},2026-04-{1 + n % 15:02},1{n}.5" for n in range(60)),
]
TERMS = [
    "subscription_id,customer_id,start_date,end_date,mrr",
    *(f"S{n},K{n},2026-0{1 + n % 3}-01,2026-04-1{n % 9},2{n}.5" for n in range(20)),
]


def proposed(folder: Path, lines: list[str], name: str = "orders.csv") -> InitialSettings:
    (folder / name).write_text("\n".join(lines) + "\n")
    return initial_settings([folder / name], folder / "segments.yaml", today=TODAY)


@pytest.mark.parametrize("last", ["2062-04-15", "2026-05-01"])
def test_a_row_of_a_day_to_come_is_told_of(last: str, tmp_path: Path) -> None:
    initial = proposed(tmp_path, [*ORDERS, f"60,K1,{last},5.0"])
    assert content_of(initial.text)["as_of"] == date(2026, 4, 16)
    assert initial.checks == (f"as_of: 1 row of orders.csv dated after today, up to {last}: planned, or misread?",)


def test_a_day_that_means_ever_is_none(tmp_path: Path) -> None:
    """It has no day after it."""
    initial = proposed(tmp_path, [*ORDERS, "60,K1,9999-12-31,5.0", "61,K2,9999-12-31,5.0"])
    assert content_of(initial.text)["as_of"] == date(2026, 4, 16)
    assert initial.checks == ("as_of: 2 rows of orders.csv dated after today: planned, or misread?",)


def test_one_day_before_1970_is_told_of(tmp_path: Path) -> None:
    """1900-01-01 means no date; as one it makes a customer of a hundred years, who never comes back."""
    initial = proposed(tmp_path, [*ORDERS, "60,K1,1900-01-01,5.0"])
    assert initial.checks == ("as_of: 1 row of orders.csv dated 1900-01-01: no date, by `null_values`?",)
    old = [*ORDERS, "60,K1,1957-03-04,5.0", "61,K2,1964-03-31,5.0"]
    assert proposed(tmp_path, old).checks == (), "of an old house"


def test_months_are_named_where_no_column_holds_days(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="month would be the date, but '2026-01' is none that can be read, for it"):
        proposed(tmp_path, ["customer,month,revenue", *(f"K{n % 5},2026-0{1 + n % 7},{n}.5" for n in range(35))])


def test_tomorrow_has_begun_in_zones_that_are_ahead(tmp_path: Path) -> None:
    initial = proposed(tmp_path, [*ORDERS, "60,K1,2026-04-21,5.0"])
    assert content_of(initial.text)["as_of"] == date(2026, 4, 22)
    assert initial.checks == ()


def test_of_days_to_come_alone_the_last_counts(tmp_path: Path) -> None:
    initial = proposed(tmp_path, [line.replace("2026-04", "2027-04") for line in ORDERS])
    assert content_of(initial.text)["as_of"] == date(2027, 4, 16)
    assert initial.checks == ("as_of: 60 rows of orders.csv dated after today, up to 2027-04-15: planned, or misread?",)


@pytest.mark.parametrize("end", ["9999-12-31", "2026-12-31"])
def test_terms_that_end_in_days_to_come_do_run(end: str, tmp_path: Path) -> None:
    """Only those that have ended by today raise the question whether the as-of date shall come after them."""
    over = proposed(tmp_path, TERMS, "subscriptions.csv").checks
    assert over == (
        "as_of: end_date reaches to 2026-04-18: if these terms are over, write the day after; as it is, they run",
    )
    running = [TERMS[0], *(f"{line.rsplit(',', 2)[0]},{end},{line.rsplit(',', 1)[1]}" for line in TERMS[1:])]
    assert proposed(tmp_path, running, "subscriptions.csv").checks == ()
