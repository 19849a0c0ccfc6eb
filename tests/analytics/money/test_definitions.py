"""Figures of companies so small that each number is plain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.catalogue.all_definitions import DEFINITIONS
from analytics.compute import compute_record
from analytics.history import History
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from segment_model.contract import Column, Kind, Role, VectorContract

MAY = MonthEnds((date(2024, 5, 1), date(2024, 6, 1)), datetime(2024, 6, 1))
NO_CONTRACT = VectorContract(())


@pytest.fixture
def everyone(terms_frame: Any, terms_history: Callable[..., History]) -> Callable[..., pd.DataFrame]:
    """The figures of everyone in May 2024, by name, of terms; at the last month end by name and "now"."""

    def figures(rows: list[tuple[Any, ...]], **options: Any) -> pd.DataFrame:
        history = terms_history(terms_frame(rows), MAY)
        chosen = RecordOptions(**{"floor": 1, **options})
        record = compute_record(history, pd.DataFrame(), pd.Series(dtype="str"), NO_CONTRACT, chosen)
        own = record.figures[(record.figures.grouping == "everyone") & (record.figures.period != "2024-04")]
        return own.drop_duplicates("figure", keep="first").set_index("figure")

    return figures


@pytest.mark.parametrize(("started", "noted"), [("2024-01-01", False), ("2024-05-15", True)])
def test_where_the_tables_begin_with_the_record_old_customers_count_as_new(
    terms_frame: Any, terms_history: Callable[..., History], started: str, noted: bool
) -> None:
    history = terms_history(terms_frame([("a", started, None, 10.0), ("b", "2024-05-20", None, 10.0)]), MAY)
    record = compute_record(history, pd.DataFrame(), pd.Series(dtype="str"), NO_CONTRACT, RecordOptions())
    note = "The tables begin in 2024-05: whoever was a customer before counts as new in that month"
    assert (note in record.notes) == noted


def change(customer: str, before: float, after: float) -> list[tuple[str, str, str | None, float]]:
    """A customer's money at the start and at the end of May."""
    rows: list[tuple[str, str, str | None, float]] = []
    if before:
        rows.append((customer, "2024-01-01", None if after == before else "2024-05-15", before))
    if after and after != before:
        rows.append((customer, "2024-05-15", None, after))
    return rows


def test_gross_and_net_revenue_churn(everyone: Any) -> None:
    """Start 100, churned 10, contraction 10, expansion 10: gross 20 %, net 10 %."""
    rows = [*change("a", 10, 0), *change("b", 30, 20), *change("c", 20, 30), *change("d", 40, 40)]
    may = everyone(rows).value
    assert may.revenue_churn == pytest.approx(0.2)
    assert may.grr == pytest.approx(0.8)
    assert 1 - may.nrr == pytest.approx(0.1)


@pytest.mark.parametrize(("gained", "lost", "ratio"), [(24, 4, 6), (30, 10, 3), (40, 20, 2)])
def test_the_quick_ratio(everyone: Any, gained: float, lost: float, ratio: float) -> None:
    assert everyone([*change("a", 0, gained), *change("b", lost, 0)]).value.quick_ratio == pytest.approx(ratio)


def test_without_losses_the_quick_ratio_says_so(everyone: Any) -> None:
    quick = everyone([*change("a", 0, 24), *change("b", 5, 5)]).loc["quick_ratio"]
    assert np.isnan(quick.value)
    assert quick.note == "no losses"


def test_lifetime_value_is_arpa_by_churn(everyone: Any) -> None:
    """ARPA 100 and churn of 1 in 20: 2,000; with a margin of 80 %, 1,600."""
    rows = [row for n in range(19) for row in change(f"k{n}", 100, 100)] + change("l", 100, 0)
    assert everyone(rows).value.ltv_formula == pytest.approx(2000)
    assert everyone(rows, margin=0.8).value.ltv_formula == pytest.approx(1600)


def test_one_loss_makes_no_lifetime_value(everyone: Any) -> None:
    """One of 2,000 leaves: the formula would look 2,000 months ahead."""
    rows = [row for n in range(1999) for row in change(f"k{n}", 100, 100)] + change("l", 100, 0)
    row = everyone(rows, floor=10).loc["ltv_formula"]
    assert np.isnan([row.value, row.low, row.high]).all()
    assert row.note == "fewer than 10 customers left"
    rows = [row for n in range(190) for row in change(f"k{n}", 100, 100)] + [
        row for n in range(10) for row in change(f"l{n}", 100, 0)
    ]
    assert everyone(rows, floor=10).value.ltv_formula == pytest.approx(2000)


def test_lifetime_value_is_undefined_where_nobody_left(everyone: Any) -> None:
    row = everyone(change("a", 100, 100)).loc["ltv_formula"]
    assert np.isnan(row.value)
    assert row.note == "nobody left"


def test_a_year_s_price_is_a_twelfth_a_month(everyone: Any) -> None:
    assert everyone([("a", "2024-01-01", None, 2000 / 12)]).value.mrr == pytest.approx(166.67, abs=0.005)


def test_nobody_pays(everyone: Any) -> None:
    figures = everyone([("a", "2024-05-31", "2024-05-31 12:00", 10)])
    assert figures.value.mrr == 0
    assert np.isnan(figures.value.churn_rate)
    assert figures.note.churn_rate == figures.note.arpa == "nobody pays"


def test_a_company_without_rows(everyone: Any) -> None:
    assert everyone([]).value.mrr == 0


def test_terms_that_add_up_to_less_than_nothing_are_no_mrr_and_are_told(
    terms_frame: Any, terms_history: Callable[..., History]
) -> None:
    terms = terms_frame([("a", "2024-01-01", None, 10), ("a", "2024-01-01", None, -30), ("b", "2024-01-01", None, 5)])
    record = compute_record(
        terms_history(terms, MAY), pd.DataFrame(), pd.Series(dtype="str"), NO_CONTRACT, RecordOptions(floor=1)
    )
    now = record.figures[(record.figures.figure == "mrr") & (record.figures.period == "")]
    assert now.value.tolist() == [5, 5]
    assert any(note.startswith("1 customer has terms that add up to less than 0") for note in record.notes)


def test_terms_that_end_before_they_start_are_counted(terms_frame: Any, terms_history: Callable[..., History]) -> None:
    terms = terms_frame(
        [("a", "2024-01-05", "2024-01-01", 10), ("a", "2024-01-01", None, 7), ("b", "2024-01-01", None, 5)]
    )
    record = compute_record(
        terms_history(terms, MAY), pd.DataFrame(), pd.Series(dtype="str"), NO_CONTRACT, RecordOptions(floor=1)
    )
    assert "1 term never runs: the end is not after the start" in record.notes


def test_whoever_paid_nothing_because_of_a_discount_is_new_when_it_ends(everyone: Any) -> None:
    """A discount is a term below 0: one of the whole price leaves no MRR, so that nobody comes back when it ends."""
    terms = [
        ("a", "2023-06-01", None, 40),
        ("a", "2023-06-01", "2024-05-10", -40),
        ("b", "2023-06-01", "2023-09-01", 25),  # had MRR for 19 days, and comes back
        ("b", "2023-06-20", "2023-09-01", -25),
        ("b", "2024-05-10", None, 25),
        ("c", "2023-06-01", None, 100),
        ("c", "2024-05-10", None, -20),
    ]
    number = everyone(terms).value
    assert (number.new_mrr, number.reactivation_mrr, number.contraction_mrr) == (40, 25, 20)


def test_whoever_only_had_a_term_that_never_ran_is_new(everyone: Any) -> None:
    """A sign-up that was taken back on its day brought no MRR: what follows months later is no return."""
    may = everyone([("a", "2024-01-05", "2024-01-05", 100), ("a", "2024-05-10", None, 10)]).value
    assert (may.new_mrr, may.new_customers) == (10, 1)
    assert (may.reactivation_mrr, may.reactivated_customers) == (0, 0)


def test_terms_without_a_column_of_ends_all_run(terms_frame: Any, terms_history: Callable[..., History]) -> None:
    terms = terms_frame([("a", "2024-01-05", None, 10), ("b", "2024-05-10", None, 7)]).drop(columns="ended_at")
    record = compute_record(
        terms_history(terms, MAY), pd.DataFrame(), pd.Series(dtype="str"), NO_CONTRACT, RecordOptions(floor=1)
    )
    may = record.figures[(record.figures.grouping == "everyone") & (record.figures.period == "2024-05")]
    own = may.set_index("figure").value
    assert (own.mrr, own.new_mrr, own.churned_mrr, own.reactivation_mrr) == (17, 7, 0, 0)
    assert not any("never run" in note for note in record.notes)


def test_churn_of_all_is_shown_where_enough_customers_were_won(everyone: Any) -> None:
    """Twelve are won in May, nobody was there before: 0 of 12 left, where churn of the start has no denominator."""
    rows = [row for number in range(12) for row in change(f"k{number}", 0, 5)]
    churn = everyone(rows, floor=10, churn_denominator="start_and_new").loc["churn_rate"]
    assert (churn.value, churn.n, churn.note) == (0, 12, "")
    assert everyone(rows, floor=10).loc["churn_rate"].note == "nobody pays"


def test_money_of_the_first_year(everyone: Any) -> None:
    """12 a month for 365 days are 144; who came less than a year ago is not counted."""
    rows = [("a", "2023-01-01", None, 12), ("b", "2023-01-01", "2023-07-02 12:00", 12), ("c", "2024-01-01", None, 900)]
    assert everyone(rows).value.money_so_far == pytest.approx((144 + 72) / 2)


def test_money_of_the_first_year_is_not_known_yet(everyone: Any) -> None:
    row = everyone([("c", "2024-01-01", None, 900)]).loc["money_so_far"]
    assert np.isnan(row.value)
    assert row.note == "not known yet"


def test_a_customer_without_membership_is_not_assignable_and_levels_beyond_eight_are_pooled(
    terms_frame: Any, members_of: Any, terms_history: Callable[..., History]
) -> None:
    names = [f"c{n}" for n in range(12)]
    terms = terms_frame([(name, "2024-01-01", None, 10) for name in [*names, "stranger"]])
    members = members_of(names, MAY, plan=lambda name, _: None if name == "c0" else f"plan {name}")
    history = terms_history(terms, MAY, members, compared=("plan",))
    record = compute_record(history, pd.DataFrame(), pd.Series(dtype="str"), NO_CONTRACT, RecordOptions(floor=1))
    now = record.figures[(record.figures.figure == "mrr") & (record.figures.period == "")].set_index("group").value
    assert now["not_assignable"] == 10
    assert now["everyone"] == 130
    assert (now["other"], now["not known"]) == (30, 20)
    assert any("plan: the 8 largest levels are shown; 3 more levels with 3 customers" in note for note in record.notes)


def test_a_figure_of_what_shaped_the_segments_defines_them(
    terms_frame: Any, members_of: Any, terms_history: Callable[..., History]
) -> None:
    names = [f"c{n:02}" for n in range(60)]
    terms = terms_frame([(name, "2024-01-01", None, 10 + n % 3 + 90 * (n % 2)) for n, name in enumerate(names)])
    members = members_of(names, MAY, segment=lambda name, _: "rich" if int(name[1:]) % 2 else "poor")
    history = terms_history(terms, MAY, members)
    marks = {}
    for role in Role:
        contract = VectorContract((Column("mrr", Kind.NUMBER, role),))
        no_vectors = pd.DataFrame({"mrr": pd.Series(dtype=float)})
        record = compute_record(history, no_vectors, pd.Series(dtype="str"), contract, RecordOptions())
        rows = record.figures
        arpa = rows[(rows.figure == "arpa") & (rows.period == "") & (rows.grouping == "segment")]
        marks[role] = dict(zip(arpa.group, arpa.mark, strict=True))
    assert marks[Role.BASIS] == {"poor": "defines the segment", "rich": "defines the segment"}
    assert marks[Role.DESCRIPTOR] == {"poor": "below", "rich": "above"}


def test_every_figure_is_defined_once_in_words() -> None:
    names = [each.name for each in DEFINITIONS]
    assert len(names) == len(set(names))
    assert all(each.words.endswith(".") and each.title for each in DEFINITIONS)


def test_customers_who_all_pay_do_not_pay_less_than_nothing_on_average(everyone: Any) -> None:
    """One of sixty holds nearly all of the money: the interval of the mean would begin far below zero."""
    may = everyone([(f"c{n}", "2024-01-01", None, 1e9 if n == 0 else 10.0) for n in range(60)])
    assert may.value.arpa == pytest.approx((1e9 + 590) / 60)
    assert may.low.arpa == 0
    assert may.high.arpa > may.value.arpa
