"""Histories of small tables in DuckDB."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest

from analytics.history import DatedRows, History
from analytics.month_ends import MonthEnds

DATA = Path(__file__).parent / "data"


class Engine:
    """An embedded DuckDB: `place` makes a table of a frame, `keep` one of an expression."""

    def __init__(self) -> None:
        self.backend = ibis.duckdb.connect()
        self._numbers = count()

    def place(self, frame: pd.DataFrame, name: str = "") -> ir.Table:
        name = name or f"table_{next(self._numbers)}"
        self.backend.con.register("incoming", frame)
        self.backend.con.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')  # noqa: S608
        self.backend.con.unregister("incoming")
        return self._table(name)

    def keep(self, table: ir.Table) -> ir.Table:
        name = f"kept_{next(self._numbers)}"
        self.backend.con.execute(f'CREATE TABLE "{name}" AS {self.backend.compile(table)}')
        return self._table(name)

    def _table(self, name: str) -> ir.Table:
        with warnings.catch_warnings():
            # Ibis 12 still calls the old name in DuckDB 2
            warnings.filterwarnings("ignore", message="fetch_arrow_table", category=DeprecationWarning)
            return self.backend.table(name)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture(scope="session")
def new_engine() -> Callable[[], Engine]:
    """For fixtures that outlive a test."""
    return Engine


def terms_frame(rows: Sequence[tuple[Any, ...]], *more: str) -> pd.DataFrame:
    """Terms of rows (customer, start, end or None, money a month, ...)."""
    frame = pd.DataFrame(rows, columns=["customer_id", "started_at", "ended_at", "money", *more])
    dated = {
        name: pd.to_datetime(frame[name], format="ISO8601").astype("datetime64[us]")
        for name in ("started_at", "ended_at")
    }
    cents = (frame.pop("money").astype(float) * 10_000).round().astype("int64")
    return _typed(frame.assign(**dated, cents=cents))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """A table without rows has texts where nothing else is known."""
    return frame if len(frame) else frame.astype({n: "str" for n in frame if frame[n].dtype == object})


def members_of(customers: Sequence[Any], ends: MonthEnds, **columns: Any) -> pd.DataFrame:
    """Each customer at each month end; `segment` and attributes by a value for all, or a function of both."""
    rows = []
    for customer in customers:
        for position in range(len(ends.dates)):
            own = {name: each(customer, position) if callable(each) else each for name, each in columns.items()}
            rows.append({"customer_id": customer, "position": position, "segment": "s1", **own})
    frame = pd.DataFrame(rows, columns=["customer_id", "position", *dict.fromkeys(["segment", *columns])])
    return _typed(frame.astype({"position": "int64"}))


@pytest.fixture
def terms_history(engine: Engine) -> Callable[..., History]:
    """`terms_history(terms, ends, members=..., compared=...)`: by default everyone is in segment s1 always."""

    def build(
        terms: pd.DataFrame, ends: MonthEnds, members: pd.DataFrame | None = None, compared: tuple[str, ...] = ()
    ) -> History:
        if members is None:
            members = members_of(terms.customer_id.unique().tolist(), ends)
        dated = DatedRows(engine.place(terms), engine.place(members))
        segments = tuple(sorted(members.segment.unique()))
        return History(ends, segments, terms=dated, compared=compared, keep=engine.keep)

    return build


@pytest.fixture
def orders_history(engine: Engine) -> Callable[..., History]:
    """As `terms_history`, of order lines (or of `events`) with `customer_id`, a moment and, of orders, `cents`."""

    def build(
        rows: pd.DataFrame,
        ends: MonthEnds,
        members: pd.DataFrame | None = None,
        compared: tuple[str, ...] = (),
        table: str = "orders",
    ) -> History:
        if members is None:
            members = members_of(rows.customer_id.unique().tolist(), ends)
        dated = DatedRows(engine.place(rows), engine.place(members))
        segments = tuple(sorted(members.segment.unique()))
        return History(ends, segments, compared=compared, keep=engine.keep, **{table: dated})

    return build


@pytest.fixture(scope="session")
def playbook() -> pd.DataFrame:
    """121 terms of 55 customers, 2017-09 to 2020-02."""
    frame = pd.read_csv(DATA / "mrr_playbook.csv", parse_dates=["start_date", "end_date"])
    frame = frame.rename(columns={"start_date": "started_at", "end_date": "ended_at"})
    return frame.assign(
        **{name: frame[name].astype("datetime64[us]") for name in ("started_at", "ended_at")},
        cents=(frame.monthly_amount * 10_000).astype("int64"),
    ).drop(columns="monthly_amount")


def month_ends(first: date, months: int, observed_until: datetime | None = None) -> MonthEnds:
    """The month ends of `months` months from the month of `first`."""
    dates = [pd.Timestamp(first) + pd.DateOffset(months=k) for k in range(months + 1)]
    return MonthEnds(tuple(d.date() for d in dates), observed_until or dates[-1].to_pydatetime())


@pytest.fixture(name="month_ends", scope="session")
def month_ends_fixture() -> Callable[..., MonthEnds]:
    return month_ends


@pytest.fixture(name="members_of", scope="session")
def members_of_fixture() -> Callable[..., pd.DataFrame]:
    return members_of


@pytest.fixture(name="terms_frame", scope="session")
def terms_frame_fixture() -> Callable[..., pd.DataFrame]:
    return terms_frame
