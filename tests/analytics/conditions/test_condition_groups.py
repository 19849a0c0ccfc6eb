"""Who meets a condition stands in a record as a segment does: every figure equals SQL written by hand."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest

from analytics.compute import compute_record
from analytics.conditions.overlap import conditions_met, overlap
from analytics.distributions.labelled import Labelled
from analytics.groups import groupings_of
from analytics.history import DatedRows, History
from analytics.marking import Marking
from analytics.money.subscription_figures import subscription_figures
from analytics.options import RecordOptions
from analytics.record import CONDITION_SIZES, OVERLAP, AnalystRecord
from features.conditions.on_vectors.named_conditions import NO_CONDITIONS, named_conditions
from features.conditions.on_vectors.vector_figures import FrameFigures
from segment_model.contract import Column, Kind, Role, VectorContract
from tests.analytics.conftest import Engine, members_of, month_ends

JANUARY, MONTHS = date(2017, 1, 1), 6
CUSTOMERS = range(60)
CONTRACT = VectorContract(
    (
        Column("mrr", Kind.NUMBER, Role.BASIS),
        Column("idle_days", Kind.COUNT, Role.DESCRIPTOR, nullable=True),
    )
)


def is_idle(customer: int, position: int) -> bool:
    """A third is idle at any time; who is idle changes every two months, and nobody is at the first month end."""
    return position > 0 and (customer + position // 2) % 3 == 0


@pytest.fixture(scope="module")
def terms() -> pd.DataFrame:
    """Most customers have one term from between July and March on; every sixth ends it in April."""
    rows = [
        (
            customer,
            pd.Timestamp(2016, 7, 5) + pd.DateOffset(months=customer % 9),
            pd.Timestamp(2017, 4, 1 + customer % 28) if customer % 3 == 0 and customer % 2 else pd.NaT,
            (10 + customer) * 10_000,
        )
        for customer in CUSTOMERS
        if customer % 10
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "started_at", "ended_at", "cents"])
    return frame.astype({"started_at": "datetime64[us]", "ended_at": "datetime64[us]"})


@pytest.fixture(scope="module")
def members() -> pd.DataFrame:
    return members_of(
        CUSTOMERS,
        month_ends(JANUARY, MONTHS),
        segment=lambda customer, _: f"s{customer % 2}",
        **{"meets churned": lambda customer, position: "meets" if is_idle(customer, position) else "rest"},
    )


def history_of(terms: pd.DataFrame, members: pd.DataFrame, reads: str) -> History:
    """The condition has the name of a column of our own sums, which must not matter."""
    engine, ends = Engine(), month_ends(JANUARY, MONTHS)
    dated = DatedRows(engine.place(terms), engine.place(members))
    return History(ends, ("s0", "s1"), terms=dated, conditions={"churned": frozenset({reads})}, keep=engine.keep)


@pytest.fixture(scope="module")
def record(terms: pd.DataFrame, members: pd.DataFrame) -> AnalystRecord:
    history = history_of(terms, members, "idle_days")
    last = [is_idle(customer, MONTHS) for customer in CUSTOMERS]
    vectors = pd.DataFrame({"mrr": 5.0, "idle_days": np.where(last, 40.0, 2.0)}, index=[str(c) for c in CUSTOMERS])
    labels = pd.Series([f"s{customer % 2}" for customer in CUSTOMERS], index=vectors.index)
    conditions = named_conditions({"churned": "idle_days >= 30"}, CONTRACT, FrameFigures(vectors))
    return compute_record(history, vectors, labels, CONTRACT, RecordOptions(), conditions)


STATE = """
WITH running AS (
    SELECT m.*, coalesce(sum(t.cents), 0) / 10000 AS mrr FROM members m LEFT JOIN terms t
    ON t.customer_id = m.customer_id AND t.started_at < DATE '2017-01-01' + to_months(m.position::int)
    AND (t.ended_at IS NULL OR t.ended_at >= DATE '2017-01-01' + to_months(m.position::int)) GROUP BY ALL
)
"""


def by_hand(query: str, **frames: pd.DataFrame) -> pd.DataFrame:
    connection = duckdb.connect()
    for name, frame in frames.items():
        connection.register(name, frame)
    return connection.execute(query).df()


def test_money_and_churn_of_who_meets_it_and_of_the_rest(
    record: AnalystRecord, terms: pd.DataFrame, members: pd.DataFrame
) -> None:
    figures = record.figures[record.figures["grouping"] == "churned"]
    query = f"""{STATE} SELECT "meets churned" AS met, sum(mrr) AS mrr, count(*) FILTER (mrr > 0) AS paying
        FROM running WHERE position = {MONTHS} GROUP BY 1"""  # noqa: S608
    for row in by_hand(query, terms=terms, members=members).itertuples():
        own = figures[(figures["group"] == row.met) & (figures["period"] == "")].set_index("figure").value
        assert own["mrr"] == pytest.approx(row.mrr)
        assert own["mrr_customers"] == row.paying
    churn = f"""{STATE} SELECT a."meets churned" AS met, a.position, count(*) FILTER (b.mrr = 0) / count(*) AS churn
        FROM running a JOIN running b ON a.customer_id = b.customer_id AND b.position = a.position + 1
        WHERE a.mrr > 0 GROUP BY ALL HAVING count(*) >= 10"""  # noqa: S608
    rates = figures[figures["figure"] == "churn_rate"].set_index(["group", "period"]).value
    rows = by_hand(churn, terms=terms, members=members)
    assert len(rows) > 6
    assert rows.churn.max() > 0
    for row in rows.itertuples():
        assert rates[row.met, f"2017-{row.position + 1:02d}"] == pytest.approx(row.churn), "as of the month's start"


def test_history_counts_who_began_and_who_ceased_to_meet_it(
    record: AnalystRecord, terms: pd.DataFrame, members: pd.DataFrame
) -> None:
    assert tuple(record.condition_sizes.columns) == CONDITION_SIZES
    sizes = record.condition_sizes.assign(position=range(MONTHS + 1))
    query = f"""{STATE}, placed AS (SELECT *, "meets churned" = 'meets' AS met FROM running)
        SELECT a.position, count(*) FILTER (a.met) AS customers, sum(a.mrr) FILTER (a.met) AS money,
            count(*) FILTER (a.met AND NOT b.met) AS came, count(*) FILTER (b.met AND NOT a.met) AS went
        FROM placed a LEFT JOIN placed b ON a.customer_id = b.customer_id AND b.position = a.position - 1
        GROUP BY ALL ORDER BY 1"""  # noqa: S608
    expected = by_hand(query, terms=terms, members=members)
    assert sizes["customers"].tolist() == expected["customers"].tolist()
    assert sizes["customers"].iloc[0] == 0
    assert sizes["money"].tolist() == pytest.approx(expected["money"].fillna(0).tolist())
    assert sizes["came"].tolist()[1:] == expected["came"].tolist()[1:]
    assert sizes["went"].tolist()[1:] == expected["went"].tolist()[1:]
    assert set(record.sizes["segment"]) == {"s0", "s1"}, "segments have their own table"


def test_retention_is_of_who_met_it_then_whatever_they_meet_later(
    record: AnalystRecord, terms: pd.DataFrame, members: pd.DataFrame
) -> None:
    query = f"""{STATE} SELECT a."meets churned" AS met, a.position, b.position - a.position AS k, count(*) AS size,
            count(*) FILTER (b.mrr > 0) AS customers
        FROM running a JOIN running b ON a.customer_id = b.customer_id AND b.position > a.position GROUP BY ALL"""  # noqa: S608
    own = record.retention[record.retention["grouping"] == "churned"]
    table = own.set_index(["group", "month", "k"])
    for row in by_hand(query, terms=terms, members=members).itertuples():
        kept = table.loc[(row.met, "2016-12" if row.position == 0 else f"2017-{row.position:02d}", row.k)]
        assert (kept["size"], kept["customers"]) == (row.size, row.customers)
    figures = record.figures[(record.figures["grouping"] == "churned") & (record.figures["figure"] == "retention_3")]
    assert set(figures["group"]) == {"meets", "rest"}
    assert set(record.survival["grouping"]) >= {"everyone", "segment", "churned"}
    assert set(record.cohorts["grouping"]) >= {"everyone", "segment", "churned"}


def test_overlap_is_the_share_of_each_segment_that_meets_it_now(record: AnalystRecord) -> None:
    assert tuple(record.overlap.columns) == OVERLAP
    table = record.overlap.set_index("segment")
    idle = [customer for customer in CUSTOMERS if is_idle(customer, MONTHS)]
    assert table.loc["everyone", ["n", "customers"]].tolist() == [60, len(idle)]
    for parity in (0, 1):
        own = table.loc[f"s{parity}"]
        assert own["customers"] == sum(customer % 2 == parity for customer in idle)
        assert own["share"] == pytest.approx(own["customers"] / 30)
        assert own["low"] < own["share"] < own["high"]
    assert record.conditions["churned"].text == "idle_days >= 30"


def test_wilson_intervals_and_marks_of_the_overlap() -> None:
    """81 of 263 and 15 of 148: intervals as published; the first is above the rest."""
    met = [True] * 81 + [False] * 182 + [True] * 15 + [False] * 133
    vectors = pd.DataFrame({"mrr": np.where(met, 2.0, 1.0), "idle_days": np.where(met, 30.0, np.nan)})
    labels = pd.Series(["a"] * 263 + ["b"] * 148)
    conditions = named_conditions({"idle": "idle_days >= 30", "paid": "mrr >= 2"}, CONTRACT, FrameFigures(vectors))
    labelled = Labelled.of(vectors, labels, ("a", "b"))
    table = overlap(labelled, conditions_met(conditions, vectors), conditions, CONTRACT, 10).set_index(
        ["condition", "segment"]
    )
    assert table.loc[("idle", "a"), ["low", "high"]].tolist() == pytest.approx([0.2553, 0.3662], abs=5e-5)
    assert table.loc[("idle", "b"), ["low", "high"]].tolist() == pytest.approx([0.0624, 0.1605], abs=5e-5)
    assert table.loc["idle"].mark.tolist() == ["", "above", "below"]
    assert table.loc["paid"].mark.tolist()[1:] == ["defines the segment"] * 2, "mrr shapes the segments"


def test_a_figure_that_measures_what_a_condition_reads_gets_no_mark_of_its_own(
    terms: pd.DataFrame, members: pd.DataFrame
) -> None:
    rich = members.assign(**{"meets churned": np.where(members["customer_id"] > 40, "meets", "rest")})
    marks = {}
    for column in ("mrr", "idle_days"):
        history = history_of(terms, rich, column)
        marking = Marking(history.segments, frozenset(), 10, {"meets churned": frozenset({column})})
        rows = subscription_figures(history, groupings_of(history), RecordOptions(), marking).rows
        now = rows[(rows["figure"] == "arpa") & (rows["grouping"] == "meets churned") & (rows["period"] == "")]
        marks[column] = now.set_index("group").mark.to_dict()
    assert marks["idle_days"] == {"meets": "above", "rest": "below"}
    assert set(marks["mrr"].values()) == {"defines the segment"}


def test_without_conditions_nothing_overlaps() -> None:
    nobody = pd.DataFrame({"mrr": [], "idle_days": []})
    labelled = Labelled.of(nobody, pd.Series([], dtype="str"), ("a",))
    none = overlap(labelled, conditions_met(NO_CONDITIONS, nobody), NO_CONDITIONS, CONTRACT, 10)
    assert (tuple(none.columns), len(none)) == (OVERLAP, 0)
    idle = named_conditions({"idle": "idle_days >= 30"}, CONTRACT, FrameFigures(nobody))
    empty = overlap(labelled, conditions_met(idle, nobody), idle, CONTRACT, 10)
    assert empty["customers"].tolist() == [0, 0]
    assert empty["share"].isna().all()
