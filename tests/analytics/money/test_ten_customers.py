"""Ten customers in two segments and two months, worked out on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.compute import compute_record
from analytics.groups import groupings_of
from analytics.history import History
from analytics.marking import Marking
from analytics.money.subscription_figures import subscription_figures
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.record import AnalystRecord
from segment_model.contract import VectorContract

TERMS = [
    ("c01", "2023-06-01", None, 10, False),  # stays
    ("c02", "2023-06-01", "2024-01-15", 20, False),  # leaves in January
    ("c03", "2023-06-01", "2024-01-10", 30, False),  # grows by 15 in January, and is in another segment from then on
    ("c03", "2024-01-10", None, 45, False),
    ("c04", "2023-06-01", "2024-02-10", 40, False),  # shrinks by 15 in February
    ("c04", "2024-02-10", None, 25, False),
    ("c05", "2024-01-20", None, 50, False),  # new in January
    ("c06", "2023-03-01", "2023-09-01", 60, False),  # comes back in February
    ("c06", "2024-02-05", None, 60, False),
    ("c07", "2023-06-01", None, 5, False),  # cancels the second of two subscriptions: contraction
    ("c07", "2023-06-01", "2024-01-31 23:59", 7, False),
    ("c08", "2024-01-05", "2024-01-19", 99, True),  # a trial that becomes paying
    ("c08", "2024-01-19", None, 80, False),
    ("c09", "2024-02-01", "2024-02-15", 99, True),  # a trial that does not
    ("c10", "2024-01-02", "2024-01-20", 100, False),  # between two month ends: never seen at one
]
NO_VECTORS = pd.DataFrame()


def record_of(history: History, **options: Any) -> AnalystRecord:
    chosen = RecordOptions(**{"floor": 1, **options})
    return compute_record(history, NO_VECTORS, pd.Series(dtype="str"), VectorContract(()), chosen)


def segment_of(customer: str, position: int) -> str:
    return "A" if customer in ("c01", "c02", "c07") or (customer == "c03" and position == 0) else "B"


@pytest.fixture
def history(terms_frame: Any, members_of: Any, month_ends: Any, terms_history: Callable[..., History]) -> History:
    ends: MonthEnds = month_ends(date(2024, 1, 1), 2)
    terms = terms_frame(TERMS, "is_trial")
    members = members_of(sorted({row[0] for row in TERMS}), ends, segment=segment_of)
    return terms_history(terms, ends, members)


def values(record: AnalystRecord, group: str, period: str) -> dict[str, float]:
    rows = record.figures
    chosen = rows[(rows.group == group) & (rows.period == period)]
    return dict(zip(chosen.figure, chosen.value, strict=True))


def test_everyone_by_month(history: History) -> None:
    record = record_of(history)
    before, january, february = (values(record, "everyone", month) for month in ("2023-12", "2024-01", "2024-02"))
    assert (before["mrr"], january["mrr"], february["mrr"]) == (112, 230, 275)
    assert (before["mrr_customers"], january["mrr_customers"], february["mrr_customers"]) == (5, 6, 7)
    moves = ("new_mrr", "reactivation_mrr", "expansion_mrr", "contraction_mrr", "churned_mrr")
    assert [january[name] for name in moves] == [130, 0, 15, 7, 20]
    assert [february[name] for name in moves] == [0, 60, 0, 15, 0]
    assert january["churn_rate"] == 1 / 5
    assert january["revenue_churn"] == pytest.approx(27 / 112)
    assert january["grr"] == pytest.approx(85 / 112)
    assert january["nrr"] == pytest.approx(100 / 112)
    assert january["quick_ratio"] == pytest.approx(145 / 27)
    assert january["arpa"] == pytest.approx(230 / 6)


def test_segments_are_those_of_the_moment(history: History) -> None:
    record = record_of(history)
    of_a, of_b = values(record, "A", "2024-01"), values(record, "B", "2024-01")
    assert (of_a["expansion_mrr"], of_a["churned_mrr"], of_a["contraction_mrr"]) == (15, 20, 7), "as of the start"
    assert (of_b["new_mrr"], of_a["new_mrr"]) == (130, 0), "as of the end"
    assert (of_a["mrr"], of_b["mrr"]) == (15, 215), "who grew is in B by then"
    assert of_a["nrr"] == pytest.approx((72 + 15 - 27) / 72)
    assert of_a["mrr_share"] == pytest.approx(15 / 230)
    assert values(record, "A", "")["mrr"] == 15


def test_all_months_together_are_sums_over_sums(history: History) -> None:
    window = values(record_of(history), "everyone", "2024-01/2024-02")
    assert window["churn_rate"] == pytest.approx(1 / 11)
    assert window["grr"] == pytest.approx(1 - (27 + 15) / (112 + 230))
    assert window["quick_ratio"] == pytest.approx((145 + 60) / (27 + 15))
    rows = record_of(history).figures.set_index(["figure", "group", "period"])
    counted = {
        figure: rows.loc[(figure, "everyone", "2024-01/2024-02")].n for figure in ("churn_rate", "new_mrr", "nrr")
    }
    assert len(set(counted.values())) == 1, "a customer who counts in both months is one customer"
    assert counted["new_mrr"] <= 10


def test_choices_change_what_they_say(history: History) -> None:
    chosen = record_of(history, reactivation_in_nrr=True, churn_denominator="start_and_new")
    assert values(chosen, "everyone", "2024-02")["nrr"] == pytest.approx((230 - 15 + 60) / 230)
    assert values(chosen, "everyone", "2024-01")["churn_rate"] == 1 / (5 + 2)
    words = {each.name: each.words for each in chosen.definitions}
    assert "+ reactivation" in words["nrr"]
    assert "won in the month" in words["churn_rate"]


def test_trials_that_ended_and_became_paying(history: History) -> None:
    record = record_of(history)
    periods = ("2024-01", "2024-02", "2024-01/2024-02")
    assert [values(record, "everyone", period)["trial_conversion"] for period in periods] == [1, 0, 0.5]


@pytest.mark.parametrize("intervals", [False, True])
def test_a_customer_with_many_trials_is_one_customer(
    terms_frame: Any, month_ends: Any, terms_history: Callable[..., History], intervals: bool
) -> None:
    trials = [("c01", f"2024-0{month}-01", f"2024-0{month}-{day}", 0, True) for month in (1, 2) for day in (10, 20)]
    terms = terms_frame([*trials, ("c02", "2024-01-01", "2024-01-09", 0, True)], "is_trial")
    history = terms_history(terms, month_ends(date(2024, 1, 1), 2))
    rows = record_of(history, floor=3, intervals=intervals).figures
    trial = rows[(rows.figure == "trial_conversion") & (rows.group == "everyone")].set_index("period")
    assert trial.n.to_dict() == {"2024-01": 2, "2024-02": 1, "2024-01/2024-02": 2}
    assert set(trial.note) == {"fewer than 3 customers"}
    assert trial.value.isna().all()


def test_few_customers_show_no_rate_but_their_money(history: History) -> None:
    rows = record_of(history, floor=10).figures.set_index(["figure", "group", "period"])
    churn = rows.loc[("churn_rate", "A", "2024-01")]
    assert np.isnan([churn.value, churn.low, churn.high]).all()
    assert (churn.n, churn.note) == (4, "fewer than 10 customers")
    assert rows.loc[("mrr", "A", "2024-01"), "value"] == 15


def test_without_intervals_the_values_are_the_same(history: History) -> None:
    keys = ["figure", "grouping", "group", "period"]
    whole, bare = (record_of(history, intervals=each).figures.set_index(keys) for each in (True, False))
    pd.testing.assert_series_equal(whole.value, bare.value)
    rates = ["arpa", "churn_rate", "revenue_churn", "grr", "nrr", "trial_conversion", "money_so_far"]
    assert whole.loc[rates].low.notna().any()
    assert not bare.loc[rates].low.notna().any()
    known = whole.dropna(subset=["value", "low", "high"])
    assert (known.low <= known.value + 1e-9).all()
    assert (known.value <= known.high + 1e-9).all()


MOMENTS = st.integers(0, 240).map(lambda days: pd.Timestamp("2023-09-01") + pd.Timedelta(days=days))
TERM = st.tuples(st.integers(0, 4), MOMENTS, st.integers(0, 120), st.integers(0, 50))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(TERM, min_size=1, max_size=30))
def test_start_and_movements_make_the_end(
    rows: list[tuple[int, pd.Timestamp, int, int]],
    terms_frame: Any,
    members_of: Any,
    month_ends: Any,
    terms_history: Callable[..., History],
) -> None:
    ends: MonthEnds = month_ends(date(2024, 1, 1), 3)
    terms = terms_frame([(c, start, start + pd.Timedelta(days=d) if d else None, m) for c, start, d, m in rows])
    members = members_of(range(5), ends, segment=lambda customer, position: f"s{(customer + position) % 2}")
    history = terms_history(terms, ends, members)
    options, marking = RecordOptions(floor=1, intervals=False), Marking(history.segments, frozenset(), 1)
    figures = subscription_figures(history, groupings_of(history), options, marking).rows
    everyone = figures[figures.grouping == "everyone"].set_index(["period", "figure"]).value.unstack()  # noqa: PD010
    for before, month in zip(("2023-12", *ends.months), ends.months, strict=False):
        end = everyone.loc[month]
        gains = end.new_mrr + end.reactivation_mrr + end.expansion_mrr
        assert everyone.loc[before].mrr + gains - end.contraction_mrr - end.churned_mrr == pytest.approx(end.mrr)
    money = figures[figures.figure.isin(["mrr", "new_mrr", "churned_mrr", "mrr_customers"])]
    sums = money.groupby(["grouping", "figure", "period"]).value.sum()
    pd.testing.assert_series_equal(sums["everyone"], sums["segment"], check_names=False)
