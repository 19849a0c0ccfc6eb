"""One company of hand-checked cases for the figures, from raw tables on every engine: each case is a segment.

The months run from January to June 2024 in Berlin; "2023-12" is the state at their start. Money of terms is a month's.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from analytics.compute import compute_record
from analytics.history import DatedRows, History
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.record import AnalystRecord
from features.as_of import AsOf
from features.history.placed_members import PlacedMembers
from features.history.table_history import open_history
from features.learned import LearnedFeatures
from features.reading.spark_tables import SparkTables
from features.settings import FeatureSettings, Sources
from features.source_settings import TableSource
from segment_model.contract import VectorContract

ZONE = "Europe/Berlin"
UNTIL = AsOf.at(date(2024, 7, 1), ZONE)
ENDS = MonthEnds.before(UNTIL.local, 6)
STATES = ("2023-12", *ENDS.months)
ALL = ENDS.window
SETTINGS = FeatureSettings.model_validate({"time_zone": ZONE, "rfm": {"refunds": "netted"}})
FIELDS = {"subscriptions": "terms", "orders": "orders"}
Values = Mapping[str, float | None]
Row = tuple[Any, ...]


def at(*numbers: float | None) -> Values:
    """A state at the month ends: as many as the last numbers, and none before."""
    return dict(zip(STATES, (0.0,) * (len(STATES) - len(numbers)) + numbers, strict=True))


def only(**numbers: float | None) -> Values:
    """A movement in the months that are named (jan to jun), and none in the others."""
    names = ("jan", "feb", "mar", "apr", "may", "jun")
    assert set(numbers) <= set(names)
    return {month: numbers.get(name, 0.0) for name, month in zip(names, ENDS.months, strict=True)}


@dataclass(frozen=True)
class Case:
    """A segment, its customers' rows, and figures by period (`ALL`: all months; "": now); None: undefined.

    terms : customer, start, end, money, trial. orders : customer, moment in UTC, amount, order, cost. Customers are
    named within the case. positions : at which month ends they are members.
    """

    name: str
    expected: Mapping[str, Values]
    terms: Sequence[Row] = ()
    orders: Sequence[Row] = ()
    positions: Sequence[int] = field(default=range(7))


def paid(
    start: str, end: str | None, money: float | None, who: str = "a", trial: bool | None = None
) -> tuple[Any, ...]:
    return (who, start, end, money, trial)


def bought(
    moment: str, amount: float | None, order: str | None = None, cost: float | None = None, who: str = "a"
) -> Row:
    return (who, moment, amount, order, cost)


NOTHING = only()
CASES = (
    # the moments of terms
    Case(
        "runs all the time",
        {
            "mrr": at(10, 10, 10, 10, 10, 10, 10) | {"": 10}, "mrr_customers": at(1, 1, 1, 1, 1, 1, 1),
            "arpa": at(10, 10, 10, 10, 10, 10, 10) | {"": 10}, "new_mrr": NOTHING, "churned_mrr": NOTHING,
            "churn_rate": NOTHING | {ALL: 0}, "grr": {ALL: 1}, "nrr": {ALL: 1}, "quick_ratio": {ALL: None},
            "ltv_formula": {ALL: None}, "paying_retention_3": {ALL: 1}, "retention_6": {ALL: 1},
        },
        [paid("2023-12-31 23:59:59.999999", None, 10)],
    ),
    Case(
        "begins at midnight",
        {"mrr": at(10, 10, 10, 10, 10), "new_mrr": only(feb=10), "new_customers": only(feb=1), "churn_rate": {ALL: 0}},
        [paid("2024-02-01 00:00:00", None, 10)],
    ),
    Case(
        "begins a microsecond before midnight",
        {"mrr": at(10, 10, 10, 10, 10, 10), "new_mrr": only(jan=10), "reactivation_mrr": NOTHING},
        [paid("2024-01-31 23:59:59.999999", None, 10)],
    ),
    Case(
        "ends at midnight",
        {
            "mrr": at(20, 20, 20, 0, 0, 0, 0), "churned_mrr": only(mar=20), "churned_customers": only(mar=1),
            "churn_rate": {"2024-02": 0, "2024-03": 1, "2024-04": None, ALL: 1 / 3}, "grr": {"2024-03": 0, ALL: 2 / 3},
            "arpa": {"2024-02": 20, "2024-03": None, "": None}, "paying_retention_3": {ALL: 0},
        },
        [paid("2023-06-01 00:00:00", "2024-03-01 00:00:00", 20)],
    ),
    Case(
        "ends a microsecond before the midnight after 29 February",
        {"mrr": at(20, 20, 0, 0, 0, 0, 0), "churned_mrr": only(feb=20), "churn_rate": {"2024-02": 1, ALL: 1 / 2}},
        [paid("2023-06-01 00:00:00", "2024-02-29 23:59:59.999999", 20)],
    ),
    Case(
        "ends in the hour that is left out",
        {"mrr": at(20, 20, 20, 0, 0, 0, 0), "churned_mrr": only(mar=20)},
        [paid("2023-06-01 00:00:00", "2024-03-31 02:30:00", 20)],
    ),
    Case(
        "ends where the tables end, or later",
        {"mrr": at(30, 30, 30, 30, 30, 30, 30), "churn_rate": {ALL: 0}},
        [
            paid("2023-06-01 00:00:00", "2024-07-01 00:00:00", 10),
            paid("2023-06-01 00:00:00", "2025-01-01 00:00:00", 20),
        ],
    ),
    Case(
        "between two month ends", {"mrr": at(0), "new_mrr": NOTHING, "churned_mrr": NOTHING},
        [paid("2024-02-05 00:00:00", "2024-02-20 00:00:00", 100)],
    ),
    # movements
    Case(
        "grows",
        {
            "expansion_mrr": only(feb=5.5) | {ALL: 5.5}, "contraction_mrr": NOTHING,
            "nrr": {"2024-02": 1.55, ALL: 87.5 / 82},
            "grr": {ALL: 1}, "quick_ratio": {ALL: None}, "mrr": at(10, 10, 15.5, 15.5, 15.5, 15.5, 15.5),
        },
        [paid("2023-06-01 00:00:00", "2024-02-10 00:00:00", 10), paid("2024-02-10 00:00:00", None, 15.5)],
    ),
    Case(
        "shrinks",
        {
            "contraction_mrr": only(feb=15), "churned_mrr": NOTHING, "grr": {"2024-02": 25 / 40, ALL: 1 - 15 / 180},
            "nrr": {"2024-02": 25 / 40}, "quick_ratio": {"2024-02": 0, ALL: 0}, "revenue_churn": {"2024-02": 15 / 40},
        },
        [paid("2023-06-01 00:00:00", "2024-02-10 00:00:00", 40), paid("2024-02-10 00:00:00", None, 25)],
    ),
    Case(
        "comes back",
        {
            "reactivation_mrr": only(feb=60), "reactivated_customers": only(feb=1), "new_mrr": NOTHING,
            "money_so_far": {"": 362.9589 + 47.3425},  # 184 days, and 24 up to the 365th: 60 * 12 / 365 a day
        },
        [paid("2023-03-01 00:00:00", "2023-09-01 00:00:00", 60), paid("2024-02-05 00:00:00", None, 60)],
    ),
    Case(
        "comes back who was never seen", {"reactivation_mrr": only(mar=5), "new_mrr": NOTHING},
        [paid("2024-02-02 00:00:00", "2024-02-10 00:00:00", 5), paid("2024-03-05 00:00:00", None, 5)],
    ),
    Case(
        "below nothing", {"mrr": at(5, 5, 0, 0, 0, 0, 0), "churned_mrr": only(feb=5)},
        [paid("2023-06-01 00:00:00", None, 5), paid("2024-02-10 00:00:00", None, -7)],
    ),
    Case("never runs", {"mrr": at(0)}, [paid("2024-02-10 00:00:00", "2024-02-10 00:00:00", 9)]),
    # money
    Case(
        "tenths", {"mrr": at(*[0.3] * 7), "arpa": at(*[0.3] * 7)},
        [paid("2023-06-01 00:00:00", None, 0.1) for _ in range(3)],
    ),
    Case(
        "no number", {"mrr": at(*[7] * 7), "mrr_customers": at(*[1] * 7)},
        [paid("2023-06-01 00:00:00", None, money) for money in (None, math.nan, math.inf, 7.0)],
    ),
    Case(
        "a month of the first year", {"money_so_far": {"": 36}},
        [paid("2023-06-01 00:00:00", "2023-07-01 00:00:00", 36.5)],
    ),
    Case("not a year ago", {"money_so_far": {}, "mrr": at(*[3] * 7)}, [paid("2023-07-03 00:00:00", None, 3)]),
    # trials
    Case(
        "a trial that becomes paying", {"trial_conversion": {"2024-02": 1, ALL: 1}, "new_mrr": only(feb=80)},
        [
            paid("2024-02-05 00:00:00", "2024-02-19 00:00:00", 99, trial=True),
            paid("2024-02-19 23:59:59", None, 80, trial=False),
        ],
    ),
    Case(
        "a trial that pays a day too late", {"trial_conversion": {"2024-03": 0, ALL: 0}, "mrr": at(8, 8, 8)},
        [
            paid("2024-03-05 00:00:00", "2024-03-31 02:30:00", 99, trial=True),
            paid("2024-04-01 00:00:00", None, 8),
        ],
    ),
    Case(
        "trials at midnights", {"trial_conversion": {"2024-02": 0, "2024-03": 0, "2024-06": None}, "mrr": at(0)},
        [
            paid("2024-02-05 00:00:00", "2024-03-01 00:00:00", 99, trial=True),
            paid("2024-02-05 00:00:00", "2024-02-29 23:59:59", 99, trial=True),
            paid("2024-02-05 00:00:00", "2024-07-01 00:00:00", 99, trial=True),
        ],
    ),
    # several customers
    Case(
        "half leave",
        {
            "ltv_formula": {ALL: 90},  # 10 a month, one of nine leaves a month
            "churn_rate": {"2024-03": 1 / 2, ALL: 1 / 9}, "arpa": {"2023-12": 20, "": 10},
            "ltv_expected": {"": None},  # the first months of their lives lie before the record
        },
        [paid("2023-06-01 00:00:00", None, 10, "a"), paid("2023-06-01 00:00:00", "2024-03-01 00:00:00", 30, "b")],
    ),
    Case(
        "half leave in the third month",
        {
            "retention_3": {ALL: 4 / 8}, "paying_retention_3": {ALL: 3 / 5}, "lifetime_median": {"": 3},
            "ltv_expected": {"": 10 * (3 + 3 * 0.5)},
            "new_customers": only(jan=2), "churned_customers": only(mar=1),
        },
        [paid("2024-01-10 00:00:00", None, 10, "a"), paid("2024-01-10 00:00:00", "2024-03-20 00:00:00", 10, "b")],
    ),
    # the moments of orders
    Case(
        "the last second of February", {"revenue": only(feb=1), "orders": only(feb=1) | {ALL: 1}},
        orders=[bought("2024-02-29 22:59:59.999999", 1)],
    ),
    Case(
        "the first second of March", {"revenue": only(mar=1), "orders": only(mar=1)},
        orders=[bought("2024-02-29 23:00:00", 1)],
    ),
    Case("the last second of March", {"revenue": only(mar=1)}, orders=[bought("2024-03-31 21:59:59", 1)]),
    Case("the first second of April", {"revenue": only(apr=1)}, orders=[bought("2024-03-31 22:00:00", 1)]),
    Case(
        "the last second before, and the first after",
        {"revenue": NOTHING | {ALL: 0}, "buyers": NOTHING, "repeat_rate": {}},
        orders=[bought("2023-12-31 22:59:59", 5), bought("2024-06-30 22:00:00", 5)],
    ),
    Case(
        "the first second, and the last", {"revenue": only(jan=5, jun=6), "repeat_rate": {ALL: 1}},
        orders=[bought("2023-12-31 23:00:00", 5), bought("2024-06-30 21:59:59", 6)],
    ),
    # what is bought
    Case(
        "lines of one order",
        {"orders": only(feb=1), "revenue": only(feb=6), "basket": {"2024-02": 6, ALL: 6}, "repeat_rate": {ALL: 0}},
        orders=[bought("2024-02-10 12:00:00", 2.5, "O1"), bought("2024-02-10 12:00:00", 3.5, "O1")],
    ),
    Case(
        "lines without an order", {"orders": only(feb=2), "basket": {ALL: 3}, "repeat_rate": {ALL: 1}},
        orders=[bought("2024-02-10 12:00:00", 2.5), bought("2024-02-10 12:00:00", 3.5)],
    ),
    Case(
        "a refund",
        {
            "revenue": only(feb=100, mar=-30) | {ALL: 70}, "orders": only(feb=1) | {ALL: 1},
            "buyers": only(feb=1) | {ALL: 1}, "basket": {"2024-03": None, ALL: 70}, "revenue_per_customer": {ALL: 70},
        },
        orders=[bought("2024-02-10 12:00:00", 100, "O1"), bought("2024-03-10 12:00:00", -30, "O2")],
    ),
    Case("tenths of money", {"revenue": only(feb=0.3)}, orders=[bought("2024-02-10 12:00:00", 0.1) for _ in range(3)]),
    Case(
        "no amount", {"revenue": only(feb=7), "orders": only(feb=1)},
        orders=[bought("2024-02-10 12:00:00", amount) for amount in (None, math.nan, math.inf, -math.inf, 7.0)],
    ),
    Case(
        "costs", {"margin": {"2024-02": 0.4, ALL: 0.4}, "revenue": only(feb=150)},
        orders=[bought("2024-02-10 12:00:00", 100, "O1", 60.0), bought("2024-02-10 12:00:00", 50, "O2")],
    ),
    Case(
        "two of three come again",
        {"repeat_rate": {ALL: 2 / 3}, "revenue_per_customer": {ALL: 5 / 3}, "buyers": {ALL: 3}},
        orders=[bought(f"2024-0{2 + n // 3}-10 12:00:00", 1, who="abc"[n % 3]) for n in range(5)],
    ),
    # who is where
    Case(
        "李 \"O'Brien\" \\ Ωß", {"mrr": at(*[10] * 7), "revenue": only(feb=1)},
        [paid("2023-06-01 00:00:00", None, 10)], [bought("2024-02-10 12:00:00", 1)],
    ),
    Case(
        "before", {"mrr": at(10, 10, 10, 0, 0, 0, 0) | {"": 0}, "churn_rate": {"2024-03": 0}, "revenue": only(feb=3)},
        [paid("2023-06-01 00:00:00", None, 10)], [bought("2024-02-10 12:00:00", 3), bought("2024-04-10 12:00:00", 4)],
        positions=range(3),
    ),
    Case("after", {"mrr": at(10, 10, 10, 10) | {"": 10}, "new_mrr": NOTHING, "revenue": only(apr=4) | {ALL: 7}}),
    Case("joins late", {"mrr": at(4, 4, 4, 4)}, [paid("2023-06-01 00:00:00", None, 4)], positions=range(3, 7)),
)  # fmt: skip
OF_ORDERS = (  # a company without subscriptions, whose customers are active by an order in the month
    Case(
        "orders in January and April", {"retention_3": {ALL: 1 / 4}, "money_so_far": {}},
        orders=[bought("2024-01-10 12:00:00", 10), bought("2024-04-10 12:00:00", 20)],
    ),
    Case(
        "a year less a microsecond, and a year", {"money_so_far": {"": 12}},
        orders=[
            bought("2023-05-01 10:00:00", 5), bought("2024-04-30 09:59:59.999999", 7), bought("2024-04-30 10:00:00", 9),
        ],
    ),
    Case(
        "a refund before the first order", {"money_so_far": {"": 10}},
        orders=[bought("2023-04-01 10:00:00", -5), bought("2023-05-01 10:00:00", 10)],
    ),
)  # fmt: skip
MOVES = {"before": "after"}  # where the customers of a case are after its positions
TEXT, MOMENT = pa.string(), pa.timestamp("us")
SCHEMAS = {
    "subscriptions": {
        "customer_id": TEXT, "started_at": MOMENT, "ended_at": MOMENT, "mrr": pa.float64(), "trial": pa.bool_(),
    },
    "orders": {
        "customer_id": TEXT, "ordered_at": pa.timestamp("us", "UTC"), "amount": pa.float64(), "order_id": TEXT,
        "cost": pa.float64(),
    },
}  # fmt: skip
POSTGRES_TYPES = {
    "string": "text",
    "double": "double precision",
    "bool": "boolean",
    "timestamp[us, tz=UTC]": "timestamptz",
    "timestamp[us]": "timestamp",
}


def customer(case: Case, who: str) -> str:
    return f"{case.name}, {who}"


def raw_tables(cases: Sequence[Case]) -> dict[str, pa.Table]:
    """The tables that have rows."""
    rows = {
        "subscriptions": [(customer(case, row[0]), *row[1:]) for case in cases for row in case.terms],
        "orders": [(customer(case, row[0]), *row[1:]) for case in cases for row in case.orders],
    }
    return {name: table_of(rows[name], schema) for name, schema in SCHEMAS.items() if rows[name]}


def table_of(rows: Sequence[Row], schema: Mapping[str, pa.DataType]) -> pa.Table:
    columns = []
    for number, kind in enumerate(schema.values()):
        cells = [row[number] for row in rows]
        if pa.types.is_timestamp(kind):
            cells = [None if cell is None else pd.Timestamp(cell, tz=kind.tz).to_pydatetime() for cell in cells]
        columns.append(pa.array(cells, kind))
    return pa.table(columns, schema=pa.schema(schema))


def members(cases: Sequence[Case]) -> pd.DataFrame:
    """Every customer of a case at its month ends, and where it is after them."""
    rows = []
    for case in cases:
        for name in sorted({customer(case, row[0]) for row in (*case.terms, *case.orders)}):
            rows += [(name, position, case.name) for position in case.positions]
            if case.name in MOVES:
                rows += [(name, position, MOVES[case.name]) for position in range(max(case.positions) + 1, 7)]
    frame = pd.DataFrame(rows, columns=["customer_id", "position", "segment"])
    return frame.astype({"customer_id": "str", "position": "int64", "segment": "str"})


def in_files(cases: Sequence[Case], folder: Path, _: str) -> Sources:
    tables = raw_tables(cases)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return Sources.model_validate({name: {"file": f"{name}.parquet"} for name in tables})


def in_postgres(cases: Sequence[Case], _: Path, url: str) -> Sources:
    tables = raw_tables(cases)
    with psycopg.connect(url) as connection:
        connection.execute("DROP SCHEMA IF EXISTS figures CASCADE")
        connection.execute("CREATE SCHEMA figures")
        for name, table in tables.items():
            columns, text = ", ".join(f"{c.name} {POSTGRES_TYPES[str(c.type)]}" for c in table.schema), io.BytesIO()
            pa_csv.write_csv(table, text, pa_csv.WriteOptions(include_header=False))
            connection.execute(f"CREATE TABLE figures.{name} ({columns})".encode())
            with connection.cursor().copy(f"COPY figures.{name} FROM STDIN (FORMAT csv)".encode()) as copy:
                copy.write(text.getvalue())
    return Sources.model_validate({n: {"postgres": "FIGURES_URL", "table": f"figures.{n}"} for n in tables})


ENGINES = {"duckdb": in_files, "postgres": in_postgres}


@contextmanager
def embedded_or_served(cases: Sequence[Case], sources: Sources, folder: Path) -> Iterator[History]:
    """The history of the cases in the engine of their tables."""
    with open_history(sources, SETTINGS, UNTIL, folder, LearnedFeatures()) as history:
        placed = PlacedMembers(members(cases), history.temporary)
        tables = {FIELDS[name]: DatedRows(*placed.beside(history.rows(name, UNTIL))) for name in history.dated}
        yield History(ENDS, tuple(case.name for case in cases), **tables, keep=history.temporary.keep)


def record_of(history: History) -> AnalystRecord:
    return compute_record(history, pd.DataFrame(), pd.Series(dtype="str"), VectorContract(()), RecordOptions(floor=1))


def is_same(number: float, expected: float | None) -> bool:
    return math.isnan(number) if expected is None else math.isclose(number, expected, rel_tol=1e-9, abs_tol=1e-12)


def assert_as_by_hand(record: AnalystRecord, cases: Sequence[Case]) -> None:
    rows = record.figures[record.figures.grouping == "segment"]
    numbers = {(row.group, row.figure, row.period): row.value for row in rows.itertuples()}
    wrong = []
    for case in cases:
        for figure, values in case.expected.items():
            assert values or not any(group == case.name and name == figure for group, name, _ in numbers)
            for period, expected in values.items():
                number = numbers.get((case.name, figure, period), math.nan)
                if not is_same(number, expected):
                    wrong.append(f"{case.name}: {figure} of {period or 'now'} is {number!r}, not {expected!r}")
    assert not wrong, "\n".join(wrong)


def assert_tables_as_by_hand(record: AnalystRecord) -> None:
    """Who moved, the curve and the cohort of those of whom half leave in the third month."""
    sizes = record.sizes.set_index(["segment", "month"])
    assert sizes.loc["before", "customers"].tolist() == [1, 1, 1, 0, 0, 0, 0]
    assert sizes.loc["after", "money"].tolist() == [0, 0, 0, 10, 10, 10, 10]
    assert sizes.loc[("before", "2024-03"), ["went", "gone", "left"]].tolist() == [1, 0, 0]
    assert sizes.loc[("after", "2024-03"), ["came", "joined", "returned"]].tolist() == [1, 0, 0]
    assert sizes.loc[("joins late", "2024-03"), ["came", "joined", "customers"]].tolist() == [0, 1, 1]
    assert sizes.loc[("ends at midnight", "2024-03"), ["left", "customers", "money"]].tolist() == [1, 1, 0]
    assert sizes.loc[("comes back", "2024-02"), ["returned", "money"]].tolist() == [1, 60]
    flows = record.flows[record.flows.source == "before"].set_index(["month", "target"])
    assert flows.loc[("2024-03", "after"), ["customers", "money_before", "money_after"]].tolist() == [1, 10, 10]
    name = "half leave in the third month"
    curve = record.survival[record.survival.group == name].sort_values("time")
    assert curve.time.tolist() == [0, 1, 2, 3, 4, 5]
    assert curve.share.tolist() == pytest.approx([1, 1, 1, 0.5, 0.5, 0.5])
    assert curve.at_risk.tolist() == [2, 2, 2, 2, 1, 1]
    cohorts = record.cohorts
    own = cohorts[(cohorts.group == name) & (cohorts.cohort == "2024-01") & (cohorts.kind == "classic")].sort_values(
        "k"
    )
    assert own["size"].tolist() == [2] * 6
    assert own.customers.tolist() == [2, 2, 1, 1, 1, 1]
    assert own.money.tolist() == [20, 20, 10, 10, 10, 10]


def assert_everyone_is_the_sum(record: AnalystRecord) -> None:
    """Of money and customers at each month end, of whom every one is in some case."""
    placed = {case.name for case in CASES if tuple(case.positions) == tuple(range(7)) or case.name in MOVES}
    rows = record.figures[record.figures.figure.isin(["new_mrr", "orders"]) & record.figures.period.isin(ENDS.months)]
    own = rows[rows.group.isin([*placed, *MOVES.values()])].groupby(["figure", "period"]).value.sum()
    everyone = rows[rows.grouping == "everyone"].set_index(["figure", "period"]).value.sort_index()
    assert own.tolist() == pytest.approx(everyone.tolist())


def assert_of_orders(record: AnalystRecord) -> None:
    assert_as_by_hand(record, OF_ORDERS)
    own = record.cohorts[(record.cohorts.group == OF_ORDERS[0].name) & (record.cohorts.kind == "classic")]
    own = own[own.cohort == "2024-01"].sort_values("k")
    assert own.customers.tolist() == [1, 0, 0, 1, 0, 0]
    assert own.money.tolist() == [10, 0, 0, 20, 0, 0]


def assert_all(record: AnalystRecord) -> None:
    assert_as_by_hand(record, CASES)
    assert_tables_as_by_hand(record)
    assert_everyone_is_the_sum(record)
    notes = "\n".join(record.notes)
    assert "1 customer has terms that add up to less than 0 at a month end" in notes
    assert "1 term never runs: the end is not after the start" in notes


CHECKS = ((CASES, assert_all), (OF_ORDERS, assert_of_orders))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_case_is_as_written_by_hand(
    engine: str, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIGURES_URL", postgres_url)
    for cases, check in CHECKS:
        sources = ENGINES[engine](cases, tmp_path, postgres_url)
        with embedded_or_served(cases, sources, tmp_path) as history:
            check(record_of(history))
    with psycopg.connect(postgres_url) as connection:  # other tests share the server
        connection.execute("DROP SCHEMA IF EXISTS figures CASCADE")


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # of py4j's gateway
def test_every_case_is_as_written_by_hand_in_spark(spark: Any, tmp_path: Path) -> None:
    for cases, check in CHECKS:
        sources, tables = in_files(cases, tmp_path, ""), SparkTables(spark, tmp_path)
        members(cases).to_parquet(tmp_path / "members.parquet", index=False)
        beside = tables.open(TableSource(file="members.parquet"), "members")
        with open_history(sources, SETTINGS, UNTIL, tmp_path, LearnedFeatures(), spark=tables) as history:
            dated = {FIELDS[name]: DatedRows(history.rows(name, UNTIL), beside) for name in history.dated}
            check(record_of(History(ENDS, tuple(case.name for case in cases), **dated, keep=tables.hold)))
