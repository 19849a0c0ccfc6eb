"""The MRR playbook's 55 customers: months that its author computed, and the rest by SQL written by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from analytics.compute import compute_record
from analytics.history import History
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from segment_model.contract import VectorContract

NONE = pd.DataFrame()
# MRR / customers at the month's end; + new, ^ expansion, r reactivation, v contraction, - churned
MONTHS = """
2017-09 75/2 +75 · 2017-10 50/2 +25 -50 · 2017-11 0/0 -50 · 2018-01 55/1 +55 · 2018-02 70/1 ^15 · 2018-03 70/1 ·
2018-04 150/2 +80 · 2018-05 190/3 +120 -80 · 2018-06 235/4 +25 ^30 v10 · 2018-07 260/4 ^25 · 2018-08 260/4 ·
2018-09 340/6 +30 r50 · 2018-10 335/6 ^20 v25 · 2018-11 575/11 +240 · 2018-12 585/12 +25 ^50 v65 ·
2019-01 620/13 +25 ^10 · 2019-02 625/13 +30 ^25 -50 · 2019-03 660/14 +60 -25 · 2019-04 895/17 +120 ^65 r50 ·
2019-05 965/21 +155 v85 · 2019-06 1135/22 +50 ^150 v30
"""
SIGNS = {
    "+": "new_mrr",
    "^": "expansion_mrr",
    "r": "reactivation_mrr",
    "v": "contraction_mrr",
    "-": "churned_mrr",
}
BY_HAND = """
WITH ends AS (SELECT k, DATE '2018-12-01' + to_months(k) AS month, DATE '2019-01-01' + to_months(k) AS t
              FROM range(13) AS steps(k)),
states AS (
    SELECT customer_id, month, t,
        coalesce(sum(amount) FILTER (WHERE start_date < t AND (end_date >= t OR end_date IS NULL)), 0) AS held,
        coalesce(sum(amount) FILTER (WHERE start_date < month AND (end_date >= month OR end_date IS NULL)), 0) AS prior,
        min(start_date) AS first
    FROM terms, ends GROUP BY ALL)
SELECT strftime(month, '%Y-%m') AS month, sum(held) AS mrr, count(*) FILTER (WHERE held > 0) AS mrr_customers,
    coalesce(sum(held) FILTER (WHERE prior = 0 AND first >= month), 0) AS new_mrr,
    coalesce(sum(held) FILTER (WHERE prior = 0 AND first < month), 0) AS reactivation_mrr,
    coalesce(sum(held - prior) FILTER (WHERE prior > 0 AND held > prior), 0) AS expansion_mrr,
    coalesce(sum(prior - held) FILTER (WHERE held > 0 AND held < prior), 0) AS contraction_mrr,
    coalesce(sum(prior) FILTER (WHERE held = 0), 0) AS churned_mrr,
    count(*) FILTER (WHERE prior > 0 AND held = 0) / nullif(count(*) FILTER (WHERE prior > 0), 0) AS churn_rate
FROM states WHERE month >= DATE '2019-01-01' GROUP BY month ORDER BY month
"""


def monthly(history: History) -> pd.DataFrame:
    """The figures of everyone, a row a month."""
    record = compute_record(history, NONE, pd.Series(dtype="str"), VectorContract(()), RecordOptions(floor=1))
    everyone = record.figures[record.figures.grouping == "everyone"]
    return everyone.set_index(["period", "figure"]).value.unstack()  # noqa: PD010


def known_until(terms: pd.DataFrame, moment: datetime) -> pd.DataFrame:
    """The terms as the features open them: begun before the moment, ends at or after it not known."""
    begun = terms[terms.started_at < moment]
    return begun.assign(ended_at=begun.ended_at.where(begun.ended_at < moment))


@pytest.fixture
def figures(playbook: pd.DataFrame, terms_history: Callable[..., History]) -> pd.DataFrame:
    ends = MonthEnds.before(datetime(2020, 1, 1), 30)
    return monthly(terms_history(known_until(playbook, ends.observed_until), ends))


def test_every_month_that_the_author_computed(figures: pd.DataFrame) -> None:
    for written in MONTHS.split("·"):
        month, state, *movements = written.split()
        mrr, customers = map(int, state.split("/"))
        assert tuple(figures.loc[month, ["mrr", "mrr_customers"]]) == (mrr, customers), month
        expected = dict.fromkeys(SIGNS.values(), 0) | {SIGNS[each[0]]: int(each[1:]) for each in movements}
        assert figures.loc[month, list(expected)].to_dict() == expected, month


def test_the_year_2019_by_hand_written_sql(figures: pd.DataFrame) -> None:
    file = Path(__file__).parents[1] / "data" / "mrr_playbook.csv"
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE terms AS SELECT * RENAME (monthly_amount AS amount) FROM read_csv($1)", [str(file)]
        )
        connection.execute("DELETE FROM terms WHERE start_date >= '2020-01-01'")
        expected = connection.sql(BY_HAND).df().set_index("month")
    assert len(expected) == 12
    pd.testing.assert_frame_equal(
        figures.loc[expected.index, list(expected.columns)], expected.astype(float), check_names=False
    )


def test_what_the_end_of_the_data_ends_is_no_loss(
    playbook: pd.DataFrame, terms_history: Callable[..., History]
) -> None:
    known = known_until(playbook, datetime(2020, 1, 1))
    december = monthly(terms_history(known, MonthEnds.before(datetime(2020, 1, 1), 1)))
    assert december.loc["2019-12", ["mrr", "mrr_customers"]].tolist() == [1255, 28]
    # the data ends on 2020-01-01: an observer who claims to know January as well sees the end of the data as loss
    known = known_until(playbook, datetime(2020, 2, 1))
    january = monthly(terms_history(known, MonthEnds.before(datetime(2020, 2, 1), 1)))
    assert january.loc["2020-01", "churned_mrr"] == 1255


def test_a_customer_from_before_the_window_comes_back_and_is_not_new(
    playbook: pd.DataFrame, terms_history: Callable[..., History]
) -> None:
    ends = MonthEnds((date(2018, 9, 1), date(2018, 10, 1)), datetime(2018, 10, 1))
    september = monthly(terms_history(known_until(playbook, ends.observed_until), ends)).loc["2018-09"]
    assert (september.new_mrr, september.reactivation_mrr) == (30, 50)
