"""The vector of a few customers from their own rows is, to the bit, the one that the batch makes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml

from experiments.load.raw_requests import under_our_names
from experiments.simulated_company.company import simulate, write_company
from features.customer_vector import build_vectors
from features.feature_spec import FeatureSpec
from features.request.compiled import EngineError, EngineTimeoutError, VectorCompiler
from features.request.duckdb_engine import FEWEST, TIMES, RecordTable, capacity_for
from features.settings import FeatureSettings, Sources
from features.vector_table import CustomerVectors
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import ContractError

AS_OF = date(2026, 7, 1)


@dataclass
class Rows:
    """A raw table of a request."""

    customer: list[int] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A batch, and what a model of it would tell of its features."""

    vectors: CustomerVectors
    provenance: dict[str, Any]
    tables: Mapping[str, pd.DataFrame]  # under our column names

    @property
    def compiler(self) -> VectorCompiler:
        return VectorCompiler(FeatureSpec.of(self.provenance), self.vectors.contract)


def made(sources: dict[str, Any], settings: dict[str, Any], as_of: Any, folder: Path) -> Made:
    chosen, features = Sources.model_validate(sources), FeatureSettings.model_validate(settings)
    vectors = build_vectors(chosen, features, as_of, folder)
    provenance = {
        "learned_features": vectors.learned.to_json(),
        "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
        "settings": {"sources": chosen.model_dump(mode="json"), "features": features.model_dump(mode="json")},
    }
    tables = {}
    for name, source in ((name, getattr(chosen, name)) for name in vectors.columns):
        frame = under_our_names(name, pd.read_parquet(folder / source.file), chosen, vectors.columns[name])
        tables[name] = frame.dropna(subset="customer_id")
    return Made(vectors, json.loads(json.dumps(provenance)), tables)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The simulated company: all four tables, 120 accounts."""
    folder = tmp_path_factory.mktemp("company")
    write_company(simulate(120, 3, AS_OF), folder)
    content = yaml.safe_load((folder / "segments.yaml").read_text())
    return made(content["sources"], content["features"], AS_OF, folder)


def rows_of(batch: Made, ids: Sequence[str]) -> dict[str, Rows]:
    """The customers' rows as a request carries them."""
    places = {name: place for place, name in enumerate(ids)}
    tables = {}
    for name, frame in batch.tables.items():
        own = frame[frame.customer_id.astype("str").isin(places)]
        columns = {
            column: [plain(value, column) for value in own[column]] for column in own.columns if column != "customer_id"
        }
        tables[name] = Rows([places[str(customer)] for customer in own.customer_id], columns)
    return tables


TEXTS = {"order_id", "subscription_id", "feature", "name"}


def plain(value: Any, column: str) -> Any:
    if pd.isna(value):
        return None
    if column in TEXTS:
        return str(value)
    if isinstance(value, date):
        moment = pd.Timestamp(value).to_pydatetime()
        return moment.replace(tzinfo=None) if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    return value if isinstance(value, str) else float(value)


def same(record: Mapping[str, Any] | None, row: pd.Series[Any]) -> bool:
    """Equal to the bit: no tolerance."""
    assert record is not None
    assert list(record) == list(row.index)
    return all(
        value is None if pd.isna(expected) else value == expected and type(value) in (float, str)
        for value, expected in zip(record.values(), row, strict=True)
    )


def check(batch: Made, compiler: VectorCompiler, ids: Sequence[str], as_of: Any = AS_OF, zoned: bool = False) -> None:
    computed = compiler.vectors(rows_of(batch, ids), len(ids), as_of, zoned, 60)
    assert len(computed.records) == len(ids)
    for name, record in zip(ids, computed.records, strict=True):
        assert same(record, batch.vectors.frame.loc[name]), name


def test_four_tables_of_a_company_alone_in_batches_and_shuffled(company: Made) -> None:
    compiler, ids = company.compiler, list(company.vectors.frame.index)
    assert len(company.vectors.contract.names) > 25, "all groups are there"
    check(company, compiler, ids)
    check(company, compiler, ids[::-7])
    for customer_id in ids[:12]:
        check(company, compiler, [customer_id])
    counts = compiler.vectors(rows_of(company, ids), len(ids), AS_OF, False, 60).counts
    assert {name: dict(rows) for name, rows in counts.items()} == dict(company.vectors.report)


def test_a_real_retailer(external_data: Path, retailer: dict[str, Any]) -> None:
    """The demo's three tables, without orders for none and without demographics for two households in three."""
    folder = external_data / "complete_journey"
    batch = made(retailer, {"rfm": {"cdnow_summary": True}}, date(2018, 1, 1), folder)
    compiler, ids = batch.compiler, list(batch.vectors.frame.index)
    assert batch.vectors.frame.age.isna().any()
    assert (batch.vectors.frame.events == 0).any()
    check(batch, compiler, ids[::60], date(2018, 1, 1))
    check(batch, compiler, ids[1:2], date(2018, 1, 1))


def orders(tmp_path: Path, frame: pd.DataFrame, as_of: Any, settings: dict[str, Any] | None = None) -> Made:
    frame.to_parquet(tmp_path / "orders.parquet")
    return made({"orders": {"file": "orders.parquet"}}, settings or {}, as_of, tmp_path)


def shop(zone: str | None = None) -> pd.DataFrame:
    """Refunds, zero amounts, repeats, missing amounts and ids, and rows after any as-of moment."""
    start = datetime(2026, 3, 28, 20, tzinfo=UTC if zone else None)
    rows = [
        (f"C{n % 9}", start + timedelta(hours=7 * n), f"O{n // 2}" if n % 5 else None, (n % 11 - 2) * 10.1)
        for n in range(90)
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "order_id", "amount"])
    frame.loc[::13, "amount"] = math.nan
    return pd.concat([frame, frame.iloc[:20]], ignore_index=True)


@pytest.mark.parametrize(
    "conventions",
    [
        {"refunds": "netted", "zero_amounts": "dropped", "duplicates": "dropped"},
        {"refunds": "kept", "frequency": "lines", "score_edges": "quantile_plus_one"},
        {"frequency": "active_days", "scores": False, "cdnow_summary": True},
        {"recency": "elapsed_days", "score_edges": {"quantiles": [0.1, 0.5], "closed": "left"}},
        {"score_edges": {"recency": [3, 7], "frequency": [2, 8], "monetary": [0, 99.5, 250], "closed": "left"}},
        {"monetary": False, "recency": "elapsed_days", "cdnow_summary": True},
        {"window_days": 9, "refunds": "netted"},
    ],
)
def test_whatever_the_conventions(tmp_path: Path, conventions: dict[str, Any]) -> None:
    batch = orders(tmp_path, shop(), date(2026, 4, 20), {"rfm": conventions})
    check(batch, batch.compiler, list(batch.vectors.frame.index), date(2026, 4, 20))


def test_trials_and_ends_that_are_the_last_day_of_use(tmp_path: Path) -> None:
    starts = [datetime(2026, 1, 1) + timedelta(days=5 * n) for n in range(24)]
    rows = [
        (f"C{n % 7}", start, start + timedelta(days=30) if n % 3 else None, 10.0 + n, n % 4 == 0 or None)
        for n, start in enumerate(starts)
    ]
    names = ["customer_id", "started_at", "ended_at", "mrr", "trial"]
    frame = pd.DataFrame(rows, columns=names).astype({"ended_at": "datetime64[us]", "trial": "boolean"})
    frame.loc[14, "ended_at"] = datetime(2026, 4, 19)  # its last day of use is the day before the as-of moment
    frame.to_parquet(tmp_path / "terms.parquet")
    source = {"subscriptions": {"file": "terms.parquet", "ends": "inclusive"}}
    batch = made(source, {}, date(2026, 4, 20), tmp_path)
    exclusive = made({"subscriptions": {"file": "terms.parquet"}}, {}, date(2026, 4, 20), tmp_path)
    assert batch.vectors.frame.mrr.sum() - exclusive.vectors.frame.mrr.sum() == 24
    check(batch, batch.compiler, list(batch.vectors.frame.index), date(2026, 4, 20))


def test_rules_of_ids_leave_a_request_as_it_is(tmp_path: Path) -> None:
    """The rows of a request already belong to their customer."""
    settings = {"ids": {"case": "fold", "leading_zeros": "strip"}, "rfm": {"scores": False}}
    frame = shop().assign(customer_id=lambda rows: rows.customer_id.str.lower())
    batch = orders(tmp_path, frame, date(2026, 4, 20), settings)
    check(batch, batch.compiler, list(batch.vectors.frame.index), date(2026, 4, 20))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_days_are_the_business_s_in_any_zone_and_over_a_change_of_clocks(tmp_path: Path, zone: str) -> None:
    as_of = datetime(2026, 4, 20, 1, 30, tzinfo=UTC)
    batch = orders(tmp_path, shop("UTC"), as_of, {"time_zone": zone})
    check(batch, batch.compiler, list(batch.vectors.frame.index), as_of, zoned=True)


def test_orders_without_money(tmp_path: Path) -> None:
    conventions = {"rfm": {"monetary": False, "cdnow_summary": True}}
    batch = orders(tmp_path, shop().drop(columns="amount"), date(2026, 4, 20), conventions)
    assert not any("mone" in name or "value" in name for name in batch.vectors.contract.names)
    check(batch, batch.compiler, list(batch.vectors.frame.index), date(2026, 4, 20))


@pytest.mark.parametrize("as_of", [date(2026, 4, 20), datetime(2026, 4, 20, 1, 30), datetime(2026, 4, 20, 23, 59, 59)])
def test_elapsed_days_of_instants_over_a_change_of_clocks(tmp_path: Path, as_of: date) -> None:
    conventions = {"rfm": {"recency": "elapsed_days"}, "time_zone": "Europe/Berlin"}
    batch = orders(tmp_path, shop("UTC"), as_of, conventions)
    check(batch, batch.compiler, list(batch.vectors.frame.index), as_of, zoned=True)


def test_ties_broken_in_training_are_answered_by_the_learned_edges(tmp_path: Path) -> None:
    """A request has no rank among the training customers; neither has next month's batch."""
    conventions = {"score_edges": {"ties": "first"}, "frequency": "active_days"}
    batch = orders(tmp_path, shop(), date(2026, 4, 20), {"rfm": conventions})
    sources, settings = Sources.model_validate({"orders": {"file": "orders.parquet"}}), {"rfm": conventions}
    again = build_vectors(
        sources, FeatureSettings.model_validate(settings), date(2026, 4, 20), tmp_path, batch.vectors.learned
    )
    check(Made(again, batch.provenance, batch.tables), batch.compiler, list(again.frame.index), date(2026, 4, 20))


def test_one_compilation_serves_every_as_of_moment(tmp_path: Path) -> None:
    compiler = orders(tmp_path, shop(), date(2026, 4, 20), {"rfm": {"scores": False}}).compiler
    for as_of in (date(2026, 3, 30), datetime(2026, 4, 2, 13, 30), date(2027, 1, 1)):
        batch = orders(tmp_path, shop(), as_of, {"rfm": {"scores": False}})
        check(batch, compiler, list(batch.vectors.frame.index), as_of)


def test_who_has_no_usable_row_has_no_vector_and_who_has_none_of_a_table_has_what_the_batch_says(company: Made) -> None:
    ids = list(company.vectors.frame.index)[:3]
    tables = rows_of(company, ids)
    for name in ("events", "subscriptions", "customers"):
        del tables[name]
    records = company.compiler.vectors(tables, 4, AS_OF, False, 60).records
    assert records[3] is None
    assert records[0] is not None
    assert (records[0]["frequency"], records[0]["events"], records[0]["mrr"]) == (
        company.vectors.frame.loc[ids[0], "frequency"], 0.0, 0.0,
    )  # fmt: skip
    assert records[0]["days_since_last_event"] is None
    early = company.compiler.vectors(tables, 4, date(1990, 1, 1), False, 60)
    assert early.records == (None,) * 4
    assert early.counts["orders"]["not_before_as_of"] == early.counts["orders"]["rows"] > 0


def test_threads_at_once_never_mix_up_their_customers(company: Made) -> None:
    compiler, ids = company.compiler, list(company.vectors.frame.index)[:24]

    def is_equal(name: str) -> bool:
        (record,) = compiler.vectors(rows_of(company, [name]), 1, AS_OF, False, 60).records
        return same(record, company.vectors.frame.loc[name])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(is_equal, ids))


def test_the_engine_reads_no_file_and_keeps_no_row(company: Made) -> None:
    compiler = company.compiler
    check(company, compiler, list(company.vectors.frame.index)[:2])
    engine = compiler._engine(False, FEWEST)
    connection = engine.connection
    assert connection.table("orders").count("*").fetchall() == [(0,)]
    held = connection.table("incoming_orders").fetchdf()
    assert len(held) == FEWEST
    assert set(held.order_id) == {None}
    assert held.amount.isna().all()
    with pytest.raises(duckdb.PermissionException):
        connection.execute("SELECT * FROM read_csv('/etc/hostname')")
    with pytest.raises(duckdb.InvalidInputException):
        connection.execute("SET enable_external_access = true")


def test_many_rows_and_few_after_them_come_to_the_same(company: Made) -> None:
    ids, compiler = list(company.vectors.frame.index), company.compiler
    for most, capacity in [(30, FEWEST * TIMES), (2, FEWEST), (20, FEWEST * TIMES), (len(ids), FEWEST * TIMES**2)]:
        assert capacity_for(rows_of(company, ids[:most])) == capacity
        check(company, compiler, ids[:most])
    assert {size: len(engines) for (_, size), engines in compiler._idle.items()} == {
        FEWEST: 1, FEWEST * TIMES: 1, FEWEST * TIMES**2: 1,
    }  # fmt: skip


def test_an_engine_is_as_large_as_the_longest_table_needs() -> None:
    def tables(*rows: int) -> dict[str, RecordTable]:
        return {str(place): Rows([0] * size, {}) for place, size in enumerate(rows)}

    wanted = {(): FEWEST, (0,): FEWEST, (FEWEST, 3): FEWEST, (3, FEWEST + 1): FEWEST * TIMES}
    assert {rows: capacity_for(tables(*rows)) for rows in wanted} == wanted
    assert capacity_for(tables(FEWEST * TIMES + 1)) == FEWEST * TIMES**2


def test_work_that_takes_too_long_stops(company: Made) -> None:
    ids = list(company.vectors.frame.index)
    compiler = company.compiler
    with pytest.raises(EngineTimeoutError, match=r"more than 0\.001 s"):
        compiler.vectors(rows_of(company, ids), len(ids), AS_OF, False, 0.001)
    check(company, compiler, ids[:2])


@pytest.mark.parametrize("ended", [duckdb.FatalException, duckdb.InternalException])
def test_an_engine_that_has_ended_fails_one_request_and_no_other(
    company: Made, ended: type[duckdb.Error], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler, ids = company.compiler, list(company.vectors.frame.index)[:2]
    ((engine,),) = compiler._idle.values()

    def fail(size: int) -> Any:
        raise ended("the database has been invalidated")

    monkeypatch.setattr(engine, "values", fail)
    with pytest.raises(EngineError, match="could not compute the features: the database has been invalidated"):
        compiler.vectors(rows_of(company, ids), len(ids), AS_OF, False, 60)
    check(company, compiler, ids)


@pytest.mark.parametrize("absent", ["settings", "learned_features", "raw_columns"])
def test_a_model_that_does_not_know_how_its_features_were_made_says_so(company: Made, absent: str) -> None:
    incomplete = {name: value for name, value in company.provenance.items() if name != absent}
    with pytest.raises(ContractError, match="does not know how its features were made"):
        FeatureSpec.of(incomplete)
    with pytest.raises(ContractError, match=r"cannot be read"):
        FeatureSpec.of({**company.provenance, absent: {"sources": 5}})


def test_features_of_another_version_are_refused(company: Made) -> None:
    columns = company.vectors.contract.columns
    other = VectorContract((*columns[1:], Column("clicks", Kind.COUNT)))
    with pytest.raises(ContractError, match="does not make clicks"):
        VectorCompiler(FeatureSpec.of(company.provenance), other)


def test_a_model_gets_the_columns_that_it_kept(company: Made) -> None:
    """Discovery leaves out what nobody has."""
    fewer = VectorContract(company.vectors.contract.columns[2:9])
    ids = list(company.vectors.frame.index)[:2]
    computed = VectorCompiler(FeatureSpec.of(company.provenance), fewer).vectors(
        rows_of(company, ids), 2, AS_OF, False, 60
    )
    assert same(computed.records[0], company.vectors.frame.loc[ids[0], list(fewer.names)])


def test_a_model_from_before_decision_25_pools_as_it_did(company: Made) -> None:
    older = {**company.provenance, "learned_features": {**company.provenance["learned_features"]}}
    older["learned_features"]["categories"] = {
        column.name: ["retail"] for column in company.vectors.contract.columns if column.is_category
    }
    older["settings"] = {**older["settings"]}
    older["settings"]["features"] = {**older["settings"]["features"], "attributes": {"rare_share": 0.01}}
    ids = list(company.vectors.frame.index)
    computed = VectorCompiler(FeatureSpec.of(older), company.vectors.contract).vectors(
        rows_of(company, ids), len(ids), AS_OF, False, 60
    )
    industries = company.vectors.frame.industry
    assert {record["industry"] for record in computed.records if record} == {"retail", "other"}
    for record, industry in zip(computed.records, industries, strict=True):
        assert record is not None
        assert record["industry"] == (industry if industry == "retail" else "other")


def test_a_use_that_is_half_known_is_missing_and_for_a_model_from_before_decision_34_as_it_was(tmp_path: Path) -> None:
    terms = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b"],
            "started_at": [datetime(2026, 1, 1)] * 3,
            "mrr": [5.0, 5.0, 5.0],
            "quota_used": [4.0, 6.0, 3.0],
            "quota": [20.0, None, 4.0],
        }
    )
    terms.to_parquet(tmp_path / "terms.parquet")
    batch = made({"subscriptions": {"file": "terms.parquet"}}, {}, AS_OF, tmp_path)
    check(batch, batch.compiler, ["a", "b"])
    counts = batch.compiler.vectors(rows_of(batch, ["a", "b"]), 2, AS_OF, False, 60).counts["subscriptions"]
    assert counts == dict(batch.vectors.report["subscriptions"])
    assert counts["with_only_one_of_quota_used_and_quota"] == 1
    learned = {**batch.provenance["learned_features"]}
    assert learned.pop("partial_use") is False
    older = VectorCompiler(
        FeatureSpec.of({**batch.provenance, "learned_features": learned}), batch.vectors.contract
    ).vectors(rows_of(batch, ["a", "b"]), 2, AS_OF, False, 60)
    assert [record["quota_use"] for record in older.records if record] == [0.5, 0.75]
    assert older.counts["subscriptions"].keys() == counts.keys() - {"with_only_one_of_quota_used_and_quota"}


def test_rows_satisfy_the_protocol() -> None:
    table: RecordTable = Rows()
    assert not table.customer
