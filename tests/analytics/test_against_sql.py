"""Every figure of the record equals DuckDB SQL that was written by hand from its definition."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from analytics.history import NOT_ASSIGNABLE, UNASSIGNED
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.record import AnalystRecord
from experiments.benchmarks.analytics.order_queries import ORDER_QUERIES
from experiments.benchmarks.analytics.retention_queries import ORDERING_QUERIES, PAYING_FIGURES
from experiments.benchmarks.analytics.sides import QUERIES, record_of
from experiments.benchmarks.analytics.subscription_queries import SUBSCRIPTION_QUERIES
from experiments.simulated_company.money_history import MoneyHistory, simulate_money
from experiments.simulated_company.planted_money import PLANTED_MONEY

AS_OF = pd.Timestamp("2026-07-01")
FIGURES = (*SUBSCRIPTION_QUERIES, *ORDER_QUERIES, *PAYING_FIGURES)
BY_A_TEST_OF_THEIR_OWN = {"survival_12", "decile_share"}
OF_LIFETIMES = {"lifetime_median", "ltv_expected", "money_so_far"}  # by the queries below
SEGMENTS = tuple(money.segment for money in PLANTED_MONEY)
MONTHS = MonthEnds.before(AS_OF.to_pydatetime(), 12)


HORIZON = 36  # months
# Kaplan-Meier by group: a customer counts in the group in which it was at the first month end at which the model could
# read it, if it was subscribed then, and from that month of life on; of everyone from the first
CURVES = """
    WITH lives AS (
        SELECT customer_id, CAST(min(started_at) AS DATE) AS begun,
               CAST(max(coalesce(ended_at, TIMESTAMP '9999-01-01')) AS DATE) AS finish
        FROM terms WHERE NOT is_trial AND cents > 0 GROUP BY customer_id),
    known AS (
        SELECT *, datesub('month', begun, (SELECT CAST(max(day) AS DATE) FROM ends)) AS known,
               greatest(1, datesub('month', begun, finish - INTERVAL 1 DAY) + 1) AS leaving
        FROM lives),
    seen AS (
        SELECT customer_id, min(position) AS position FROM members WHERE segment <> 'not_assignable' GROUP BY ALL),
    placed AS (
        SELECT known.*, members.segment, members.plan, datediff('month', begun, CAST(day AS DATE)) AS lived
        FROM known JOIN seen USING (customer_id) JOIN members USING (customer_id, position) JOIN ends USING (position)
        WHERE finish >= CAST(day AS DATE)),
    entered AS (
        SELECT 'everyone' AS grouping, 'everyone' AS own, 0 AS entry, known, leaving FROM known
        UNION ALL SELECT 'segment', segment, CASE WHEN lived > 1 THEN lived ELSE 0 END, known, leaving FROM placed
        UNION ALL SELECT 'plan', plan, CASE WHEN lived > 1 THEN lived ELSE 0 END, known, leaving FROM placed),
    exits AS (SELECT grouping, own, entry, least(known, leaving) AS month, leaving <= known AS leaves FROM entered),
    steps AS (SELECT unnest(range(1, 1 + (SELECT max(month) FROM exits))) AS time),
    counts AS (
        SELECT grouping, own, time, count(*) FILTER (month >= time AND entry < time) AS at_risk,
               count(*) FILTER (leaves AND month = time) AS leaving
        FROM exits, steps WHERE month > entry GROUP BY ALL)
    SELECT grouping, own, time, at_risk,
           product(1 - leaving / greatest(at_risk, 1)) OVER (PARTITION BY grouping, own ORDER BY time) AS share
    FROM counts ORDER BY grouping, own, time
"""
# by where customers are at the last month end; the twelfth of a year's days is a month
MONEY_SO_FAR = """
    WITH now AS (SELECT max(day) AS moment, max(position) AS position FROM ends),
    firsts AS (
        SELECT customer_id, min(started_at) AS first FROM terms WHERE NOT is_trial AND cents > 0 GROUP BY ALL),
    paid AS (
        SELECT customer_id, sum(round(cents * 12 / 365 * greatest(0,
               epoch(least(coalesce(ended_at, moment), first + INTERVAL 365 DAY)) - epoch(greatest(started_at, first))
               ) / 86400)) AS cents
        FROM terms JOIN firsts USING (customer_id), now
        WHERE NOT is_trial AND first <= moment - INTERVAL 365 DAY GROUP BY ALL),
    placed AS (
        SELECT cents, coalesce(segment, 'not_assignable') AS segment, coalesce(plan, 'not known') AS plan
        FROM paid LEFT JOIN (SELECT members.* FROM members SEMI JOIN now USING (position)) USING (customer_id))
    SELECT NULL AS position, segment, plan, sum(cents) / 10000 / count(*) AS value
    FROM placed GROUP BY GROUPING SETS ((), (segment), (plan))
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The money history as canonical tables in a DuckDB file, with a membership from which a few move each month."""
    history = simulate_money(700, 8, AS_OF.date())
    tables = {"terms": _terms(history), "orders": _orders(history), "ends": _ends()}
    tables["members"] = _members(history, tables["terms"])
    path = tmp_path_factory.mktemp("sql") / "company.duckdb"
    with duckdb.connect(str(path)) as connection:
        for name, table in tables.items():
            connection.register("frame", table)
            connection.execute(f"CREATE TABLE {name} AS FROM frame")
    return path


@pytest.fixture(scope="module")
def record(file: Path) -> AnalystRecord:
    return record_of(file, MONTHS, SEGMENTS, RecordOptions("USD", floor=1, intervals=False))


@pytest.fixture(scope="module")
def answers(file: Path) -> dict[str, pd.DataFrame]:
    return query_answers(file, {**QUERIES, **ORDERING_QUERIES})


def query_answers(file: Path, queries: Mapping[str, str]) -> dict[str, pd.DataFrame]:
    """The answer of each query."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return {name: connection.execute(query).df() for name, query in queries.items()}


def _cents(money: pd.Series) -> pd.Series:
    return (money * 10_000).round().astype("int64")


def _terms(history: MoneyHistory) -> pd.DataFrame:
    terms = history.terms
    return pd.DataFrame(
        {
            "customer_id": terms["account_id"],
            "started_at": terms["started_at"],
            "ended_at": terms["ended_at"].mask(terms["ended_at"] >= AS_OF),
            "cents": _cents(terms["mrr_usd"]),
            "plan": terms["plan"],
            "is_trial": terms["is_trial"],
        }
    )


def _orders(history: MoneyHistory) -> pd.DataFrame:
    orders = history.orders
    columns = orders[["order_id", "ordered_at"]]
    money = {"cents": _cents(orders["amount_usd"]), "cost_cents": _cents(orders["cost_usd"])}
    return columns.assign(customer_id=orders["account_id"], **money)


def _ends() -> pd.DataFrame:
    return pd.DataFrame({"position": range(len(MONTHS.dates)), "day": pd.to_datetime(list(MONTHS.dates))})


def _members(history: MoneyHistory, terms: pd.DataFrame) -> pd.DataFrame:
    """Who is known at each month end: one in twenty is elsewhere than planted; the plan is that of the latest term."""
    generator = np.random.default_rng(0)
    planted = history.truth.set_index("customer_id")["planted_segment"]
    parts = []
    for position, day in enumerate(pd.to_datetime(list(MONTHS.dates))):
        begun = terms[terms["started_at"] < day].sort_values("started_at", kind="stable")
        latest = begun.groupby("customer_id")["plan"].last()
        elsewhere = generator.choice([*SEGMENTS, UNASSIGNED, NOT_ASSIGNABLE], len(latest))
        segment = planted.reindex(latest.index).mask(generator.random(len(latest)) < 0.05, elsewhere)
        parts.append(pd.DataFrame({"position": position, "segment": segment, "plan": latest}).reset_index())
    return pd.concat(parts, ignore_index=True)


def of_record(record: AnalystRecord, figure: str) -> pd.Series:
    """The values of a figure by grouping, group and period."""
    rows = record.figures[record.figures["figure"] == figure]
    return rows.set_index(["grouping", "group", "period"])["value"].astype(float)


def of_sql(answer: pd.DataFrame) -> pd.Series:
    """The answer of a query by grouping, group and period."""
    segment, plan = answer["segment"], answer["plan"]
    grouping = np.where(segment.notna(), "segment", np.where(plan.notna(), "plan", "everyone"))
    group = segment.astype("object").where(segment.notna(), plan.astype("object")).fillna("everyone")
    window = f"{MONTHS.months[0]}/{MONTHS.months[-1]}"
    periods = [window if pd.isna(position) else MONTHS.month_before(int(position)) for position in answer["position"]]
    names = ("grouping", "group", "period")
    arrays = [pd.array(each, dtype="str") for each in (grouping, group, periods)]
    index = pd.MultiIndex.from_arrays(arrays, names=names)
    return pd.Series(answer["value"].astype(float).to_numpy(), index=index)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_equals_its_query(figure: str, record: AnalystRecord, answers: dict[str, pd.DataFrame]) -> None:
    """A group without any customer has a zero or no value, where the query has no row."""
    ours, theirs = of_record(record, figure), of_sql(answers[figure])
    now = ours.index.get_level_values("period") == ""
    latest = ours[ours.index.get_level_values("period") == MONTHS.months[-1]]
    assert ours[now].droplevel("period").equals(latest.droplevel("period")) or not now.any()
    ours = ours[~now]
    assert ours.index.is_unique
    assert theirs.index.difference(ours.index).empty
    pd.testing.assert_series_equal(ours.reindex(theirs.index), theirs, rtol=1e-9, atol=1e-9, check_names=False)
    assert (ours.drop(theirs.index).fillna(0.0) == 0.0).all()


def test_no_figure_is_without_a_query(record: AnalystRecord) -> None:
    assert set(record.figures["figure"]) - set(FIGURES) == BY_A_TEST_OF_THEIR_OWN | OF_LIFETIMES


def month_of(positions: pd.Series) -> list[str]:
    return [MONTHS.month_before(int(position)) for position in positions]


def test_lifetimes_equal_their_query(record: AnalystRecord, answers: dict[str, pd.DataFrame]) -> None:
    curve = record.survival[record.survival["grouping"] == "everyone"].set_index("time")
    query = answers["survival"].set_index("time")
    assert curve["share"].loc[0] == 1.0
    pd.testing.assert_frame_equal(
        curve.loc[1:, ["share", "at_risk"]], query[["share", "at_risk"]], check_dtype=False, check_index_type=False
    )
    shown = of_record(record, "survival_12")["everyone"].item()
    assert shown == pytest.approx(query["share"].loc[12])


@pytest.fixture(scope="module")
def curves(file: Path) -> dict[tuple[str, str], pd.Series]:
    """The share still subscribed by month of life, of each group whose curve begins with the first month."""
    table = query_answers(file, {"curves": CURVES})["curves"]
    kept = {}
    for (grouping, own), rows in table.groupby(["grouping", "own"]):
        shares = rows.set_index("time")[["at_risk", "share"]]
        if shares["at_risk"].iloc[0] > 0:
            last = shares.index[shares["at_risk"] > 0].max()
            kept[str(grouping), str(own)] = pd.concat([pd.Series({0: 1.0}), shares.loc[:last, "share"]])
    return kept


def test_median_lifetimes_equal_their_query(record: AnalystRecord, curves: dict[tuple[str, str], pd.Series]) -> None:
    medians = of_record(record, "lifetime_median").droplevel("period")
    expected = {key: shares.index[shares <= 0.5].min() for key, shares in curves.items()}
    assert sum(not np.isnan(median) for median in expected.values()) >= 3
    assert set(medians.dropna().index) <= set(expected)
    for key, median in expected.items():
        assert medians[key] == pytest.approx(median, nan_ok=True)


def test_lifetime_values_by_the_curve_equal_their_query(
    record: AnalystRecord, curves: dict[tuple[str, str], pd.Series], answers: dict[str, pd.DataFrame]
) -> None:
    arpa = of_sql(answers["arpa"]).xs(MONTHS.months[-1], level="period")
    values = of_record(record, "ltv_expected").droplevel("period")
    expected = {
        key: arpa[key] * curves[key][lambda own: own.index < HORIZON].sum() for key in arpa.index if key in curves
    }
    assert len(expected) > len(SEGMENTS)
    assert {key: values[key] for key in expected} == pytest.approx(expected)
    assert set(values.dropna().index) == set(expected)


def test_money_of_the_first_year_equals_its_query(record: AnalystRecord, file: Path) -> None:
    money = query_answers(file, {"money": MONEY_SO_FAR})["money"]
    expected = of_sql(money).droplevel("period")
    ours = of_record(record, "money_so_far").droplevel("period")
    assert len(expected) > len(SEGMENTS)
    pd.testing.assert_series_equal(ours.sort_index(), expected.sort_index(), rtol=1e-9, check_names=False)


def test_cohorts_of_subscribers_equal_their_query(record: AnalystRecord, answers: dict[str, pd.DataFrame]) -> None:
    query = answers["paying_cohorts"].set_index(["cohort", "k"])
    cohorts = record.cohorts[(record.cohorts["grouping"] == "everyone") & (record.cohorts["cohort"] != "average")]
    classic = cohorts[(cohorts["kind"] == "classic") & cohorts["finished"].astype(bool)].set_index(["cohort", "k"])
    expected = query.reindex(classic.index).fillna(0.0)
    assert expected["customers"].sum() > 500
    pd.testing.assert_frame_equal(classic[["customers", "money"]], expected, check_dtype=False)
    sizes = query.xs(0, level="k")["customers"].reindex(classic.index.get_level_values("cohort"))
    assert classic["size"].tolist() == sizes.tolist()
    assert query[query.index.get_level_values("cohort") >= MONTHS.months[0]].index.isin(classic.index).all()


def test_retention_of_members_equals_its_query(record: AnalystRecord, answers: dict[str, pd.DataFrame]) -> None:
    check_members(record, answers["paying_members"])


def check_members(record: AnalystRecord, query: pd.DataFrame) -> None:
    """Members of each segment and month end who are active k months later; where the query has no row, nobody is."""
    keys = ["segment", "month", "k"]
    expected = query.assign(month=month_of(query["position"])).set_index(keys)
    kept = record.retention[record.retention["finished"].astype(bool) & (record.retention["grouping"] == "segment")]
    kept = kept.rename(columns={"group": "segment"}).set_index(keys)
    assert expected.index.isin(kept.index).all()
    assert (kept["customers"] == expected["customers"].reindex(kept.index).fillna(0.0)).all()
    assert (kept["size"].reindex(expected.index) == expected["size"]).all()


def test_sizes_equal_their_query(record: AnalystRecord, answers: dict[str, pd.DataFrame]) -> None:
    query = answers["sizes"].assign(month=month_of(answers["sizes"]["position"])).set_index(["month", "segment"])
    sizes = record.sizes.set_index(["month", "segment"])
    changes = ["joined", "came", "went", "gone", "left", "returned"]
    assert query.index.isin(sizes.index).all()
    pd.testing.assert_frame_equal(
        sizes[["customers", "money"]], query[["customers", "money"]].reindex(sizes.index).fillna(0), check_dtype=False
    )
    later = sizes.index[sizes.index.get_level_values("month") != MONTHS.month_before(0)]
    assert sizes[changes].drop(later).isna().all(axis=None)
    pd.testing.assert_frame_equal(sizes.loc[later, changes], query[changes].reindex(later).fillna(0), check_dtype=False)


def test_flows_equal_their_query(record: AnalystRecord, answers: dict[str, pd.DataFrame]) -> None:
    keys, columns = ["month", "source", "target"], ["customers", "money_before", "money_after"]
    query = answers["flows"].assign(month=month_of(answers["flows"]["position"])).set_index(keys).sort_index()
    flows = record.flows.set_index(keys).sort_index()
    pd.testing.assert_frame_equal(flows[columns], query[columns], check_dtype=False)


def test_a_company_without_subscriptions(file: Path, answers: dict[str, pd.DataFrame]) -> None:
    """Its cohorts and retention are of orders."""
    record = record_of(file, MONTHS, SEGMENTS, RecordOptions("USD", floor=1, intervals=False), tables=("orders",))
    check_members(record, answers["ordering_members"])
    classic, money = answers["classic_cohorts"], answers["cohort_money"]
    query = classic.merge(money, on=["cohort", "k"], how="left")
    names = pd.PeriodIndex.from_ordinals(query["cohort"], freq="M").strftime("%Y-%m")
    query = query.assign(cohort=names).set_index(["cohort", "k"])
    cohorts = record.cohorts[(record.cohorts["grouping"] == "everyone") & (record.cohorts["cohort"] != "average")]
    finished = cohorts[cohorts["finished"].astype(bool)]
    of_kind = {kind: rows.set_index(["cohort", "k"]) for kind, rows in finished.groupby("kind")}
    expected = query[["customers", "money"]].reindex(of_kind["classic"].index).fillna(0.0)
    pd.testing.assert_frame_equal(of_kind["classic"][["customers", "money"]], expected, check_dtype=False)
    later = answers["unbounded_cohorts"]
    names = pd.PeriodIndex.from_ordinals(later["cohort"], freq="M").strftime("%Y-%m")
    unbounded = later.assign(cohort=names).set_index(["cohort", "k"])["customers"]
    ours = of_kind["unbounded"]["customers"]
    assert (ours == unbounded.reindex(ours.index).fillna(0.0)).all()
    assert record.money_title == "revenue"


def test_deciles_add_up_and_the_first_is_the_top_tenth(record: AnalystRecord) -> None:
    deciles = record.figures[record.figures["figure"] == "decile_share"]["value"].astype(float)
    assert deciles.sum() == pytest.approx(1.0)
    assert deciles.max() == pytest.approx(of_record(record, "top_decile_share").max())
