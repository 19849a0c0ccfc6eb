"""Spark from raw tables to assignments, in one session: the vectors of hand-checked cases are DuckDB's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from cli import main
from features.customer_vector import build_vectors
from features.reading.spark_session import ZONE, spark_session
from features.reading.spark_tables import SparkTables
from features.settings import EngineSettings, FeatureSettings, Sources
from features.spark.quantiles import quantiles_of
from features.spark.spark_vectors import SparkVectors, build_spark_vectors
from features.spark.stored_table import read_stored, write_stored
from features.vector_table import CustomerVectors
from jobs.spark.assigned import assigned_frame
from jobs.spark.sample import sampled_rows
from registry.connection import load_mlflow
from registry.versions.model_package import write_package
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import ContractError, SourceError
from segments import SegmentModel

# py4j closes the sockets of its gateway when Python ends
pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

AS_OF = date(2024, 4, 15)  # of Berlin, whose clocks went forward on 31 March
SETTINGS = FeatureSettings.model_validate({"time_zone": "Europe/Berlin", "rfm": {"refunds": "netted"}})
ORDERS = '''customer_id,order_id,ordered_at,amount
midnight,1,2024-04-14 23:59:59,10
midnight,2,2024-04-15 00:00:00,10
month ends,3,2024-02-29 12:00,5
month ends,4,2024-03-31 12:00,5
refund,5,2024-04-01,100.10
refund,6,2024-04-02,-30.05
decimals,7,2024-04-01,0.1
decimals,8,2024-04-01,0.1
decimals,9,2024-04-01,0.1
李 ☃,10,2024-04-10,1
 padded ,11,2024-04-10,1
9007199254740993,12,2024-04-10,1
"two
lines, ""quoted""",13,2024-04-10,1
NULL,14,2024-04-10,1
zero,15,2024-04-10,0
'''
EVENTS = [  # customer, instant, feature, device, quantity
    ("last second", "2024-04-14 21:59:59", None, None, 1.0),
    ("last second", "2024-04-14 22:00:00", None, None, 1.0),
    ("spring", "2024-03-31 00:50", "export", None, 1.0),  # 1:50 on the clock
    ("spring", "2024-03-31 01:10", "export", None, 1.0),  # 3:10 on the clock
    ("spring", "2024-03-31 01:30", "Ärger", None, 1.0),
    ("tie", "2024-04-01 10:00", None, "phone", 1.0),
    ("tie", "2024-04-02 10:00", None, "phone", 1.0),
    ("tie", "2024-04-03 10:00", None, "desktop", 1.0),
    ("tie", "2024-04-04 10:00", None, "desktop", 1.0),
    ("no number", "2024-04-04 10:00", None, None, np.nan),
    ("no number", "2024-04-04 10:00", None, None, np.inf),
    ("no number", "2024-04-04 10:00", None, None, 0.5),
    ("long ago", "2023-04-04 10:00", "export", "phone", 1.0),
    ("midnight", "2024-04-14 10:00", "export", "phone", 1.0),
]
TERMS = [  # customer, start, end, mrr, plan, seats, seats used
    ("ends today", "2024-01-01", "2024-04-15", 10.5, "basic", 4.0, 3.0),
    ("ended", "2024-01-01", "2024-04-14", 10.5, "basic", 4.0, 3.0),
    ("two plans", "2024-01-01", None, 10.0, "basic", 4.0, None),
    ("two plans", "2024-02-01", None, 10.0, "pro", 4.0, 3.0),
    ("grows", "2024-01-01", "2024-03-01", 10.0, "basic", None, None),
    ("grows", "2024-03-01", None, 30.0, "pro", None, None),
    ("midnight", "2024-01-01", None, 1.0, "pro", None, None),
]
PEOPLE = [("nobody else", "Bäckerei", None), ("midnight", None, 3.0), ("ended", "shop", 1.5)]
BY_HAND: dict[str, dict[str, Any]] = {
    "midnight": {"recency_days": 1, "frequency": 1, "monetary_value": 10, "mrr": 1, "events": 1, "employees": 3},
    "month ends": {"recency_days": 15, "frequency": 2, "days_between_orders": 31, "tenure_days": 46},
    "refund": {"recency_days": 14, "frequency": 1, "monetary_value": 70.05},
    "decimals": {"frequency": 3, "monetary_value": 0.3, "average_order_value": 0.1},
    "李 ☃": {"frequency": 1, "events": 0, "sessions_30": 0},
    "padded": {"frequency": 1},
    "9007199254740993": {"frequency": 1},
    'two\nlines, "quoted"': {"frequency": 1},
    "zero": {"frequency": 1, "monetary_value": 0},
    "last second": {"events": 1, "active_days_7": 1, "days_since_last_event": 1},
    "spring": {"events": 3, "sessions_30": 2, "features_used": 2, "top_feature_share": 2 / 3, "active_days_30": 1},
    "tie": {"main_device": "desktop", "active_days_30": 4, "sessions_30": 4},
    "no number": {"events": 3, "limit_use": 2.5 / 50},
    "long ago": {"events": 1, "active_days_90": 0, "main_device": None, "top_feature_share": None, "sessions_30": 0},
    "ends today": {"mrr": 10.5, "churned": 0, "seat_use": 0.75, "plan": "basic"},
    "ended": {"mrr": 0, "churned": 1, "plan": None, "employees": 1.5, "industry": "shop"},
    "two plans": {"mrr": 20, "plan": "pro", "seat_use": None},
    "grows": {"mrr": 30, "mrr_change_90_days": 20, "upgrades": 1, "plan": "pro"},
    "nobody else": {"frequency": 0, "recency_days": None, "industry": "Bäckerei", "employees": None, "r_score": None},
}


def place(name: str, **more: Any) -> dict[str, Any]:
    return {"file": f"{name}.parquet", **more}


ATTRIBUTES = {"industry": {"kind": "category"}, "employees": {"kind": "count"}}
IN_FILES = {
    "orders": {"file": "orders.csv"},
    "events": place("events"),
    "subscriptions": place("subscriptions"),
    "customers": place("customers", attributes=ATTRIBUTES),
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, spark: Any) -> Path:
    """A folder with a table of each kind; the customers are in Spark's catalogue too."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
    events = pd.DataFrame(EVENTS, columns=["customer_id", "occurred_at", "feature", "device", "quantity"])
    instants = pd.to_datetime(events.occurred_at, format="ISO8601", utc=True)
    events.assign(occurred_at=instants, allowed=50.0).to_parquet(folder / "events.parquet", index=False)
    names = ["customer_id", "started_at", "ended_at", "mrr", "plan", "seats", "seats_used"]
    terms = pd.DataFrame(TERMS, columns=names)
    dates = {name: pd.to_datetime(terms[name]).astype("datetime64[ns]") for name in ("started_at", "ended_at")}
    terms.assign(**dates).to_parquet(folder / "subscriptions.parquet", index=False)
    people = pd.DataFrame(PEOPLE, columns=["customer_id", "industry", "employees"])
    people.to_parquet(folder / "customers.parquet", index=False)
    spark.read.parquet((folder / "customers.parquet").as_uri()).write.saveAsTable("people")
    return folder


@pytest.fixture(scope="module")
def in_duckdb(company: Path) -> CustomerVectors:
    """The vectors as DuckDB computes them."""
    return build_vectors(Sources.model_validate(IN_FILES), SETTINGS, AS_OF, company)


@pytest.fixture(scope="module")
def in_spark(company: Path, spark: Any) -> Iterator[SparkVectors]:
    """The vectors in Spark."""
    sources = {**IN_FILES, "customers": {"spark_table": "people", "attributes": ATTRIBUTES}}
    tables = SparkTables(spark, company)
    yield build_spark_vectors(tables, Sources.model_validate(sources), SETTINGS, AS_OF, company)
    tables.close()


def in_memory(frame: Any, like: pd.DataFrame) -> pd.DataFrame:
    """A Spark frame of a few customers as a pandas frame, by id."""
    rows = [row.asDict() for row in frame.collect()]
    table = pd.DataFrame(rows, columns=frame.columns).set_index("customer_id").sort_index()
    return table.astype(like.dtypes.to_dict())


def test_each_case_is_as_by_hand_and_as_in_duckdb(in_duckdb: CustomerVectors, in_spark: SparkVectors) -> None:
    ours, theirs = in_duckdb.frame, in_memory(in_spark.frame, in_duckdb.frame)
    assert theirs.index.tolist() == ours.index.tolist() == sorted(BY_HAND)
    assert list(theirs.columns) == list(in_spark.contract.names) == list(in_duckdb.contract.names)
    for customer, expected in BY_HAND.items():
        for name, number in expected.items():
            for cell in (ours.loc[customer, name], theirs.loc[customer, name]):
                if number is None:
                    assert pd.isna(cell), (customer, name)
                else:
                    assert cell == (pytest.approx(number, abs=1e-12) if isinstance(number, float) else number), (
                        customer, name,
                    )  # fmt: skip
    for column in in_duckdb.contract.columns:
        if column.kind.value == "count" or column.is_category:
            pd.testing.assert_series_equal(theirs[column.name], ours[column.name], check_index_type=False)
        else:
            np.testing.assert_allclose(theirs[column.name], ours[column.name], rtol=1e-9, atol=1e-9)


def test_what_is_said_of_the_tables_is_the_same(in_duckdb: CustomerVectors, in_spark: SparkVectors) -> None:
    assert {name: dict(counts) for name, counts in in_spark.report.items()} == in_duckdb.report
    assert in_spark.report["events"]["with_infinity_as_missing"] == 1
    assert [notice.line for notice in in_spark.notices] == [notice.line for notice in in_duckdb.notices]
    assert (in_spark.learned, in_spark.contract, in_spark.id_type) == (
        in_duckdb.learned,
        in_duckdb.contract,
        in_duckdb.id_type,
    )
    assert in_spark.customers == len(BY_HAND)
    assert in_spark.columns == in_duckdb.columns


def known(quantiles: Any) -> Any:
    assert quantiles is not None
    return quantiles


def test_quantiles_are_those_of_numpy_to_the_bit(spark: Any) -> None:
    values, shares = np.round(np.random.default_rng(3).lognormal(3, 2, 1001), 2), [0.2, 1 / 3, 0.5, 0.6, 0.8, 0.99]
    rows = [(float(spend), float(spend) if place < 2 else None, None) for place, spend in enumerate(values)]
    frame = spark.createDataFrame([*rows, (None, None, None)], "`a b` double, two double, none double")
    assert list(known(quantiles_of(frame, "a b", shares))) == np.quantile(values, shares).tolist()
    assert list(known(quantiles_of(frame, "two", shares))) == np.quantile(values[:2], shares).tolist()
    assert quantiles_of(frame, "none", shares) is None


def test_a_running_session_gets_its_time_zone_back(spark: Any) -> None:
    zone = spark.conf.get(ZONE)
    with spark_session(EngineSettings(spark="local[2]"), "Asia/Tokyo") as session:
        assert (
            session.sql("SELECT CAST(TIMESTAMP '2024-01-01 00:00:00Z' AS STRING)").first()[0] == "2024-01-01 09:00:00"
        )
    assert spark.conf.get(ZONE) == zone != "Asia/Tokyo"


def test_what_spark_cannot_read_is_one_line(company: Path, spark: Any) -> None:
    (company / "broken.csv").write_text("customer_id,ordered_at,amount\nA,2024-01-01,5\nB,2024-01-02\n")
    (company / "people.jsonl").write_text("{}\n")
    cases = {
        "file: absent.parquet": "there is no absent.parquet",
        "file: people.jsonl": "write it as Parquet first",
        "spark_table: no.such": "TABLE_OR_VIEW_NOT_FOUND",
        "postgres: SHOP": "not another database",
        "file: broken.csv": "Malformed CSV record: B,2024-01-02",
    }
    for source, fragment in cases.items():
        key, _, name = source.partition(": ")
        orders = {key: name, **({"table": "orders"} if key == "postgres" else {})}
        tables = SparkTables(spark, company)
        with pytest.raises(SourceError) as caught:
            build_spark_vectors(tables, Sources.model_validate({"orders": orders}), SETTINGS, AS_OF, company)
        tables.close()
        assert fragment in str(caught.value)
        assert "\n" not in str(caught.value)


def test_assignments_in_spark_are_those_in_memory(
    spark: Any, model: SegmentModel, planted: Any, tmp_path: Path
) -> None:
    """Through a written folder: customers who break the contract get a reason, all others what `assign` answers."""
    frame = planted.frame.copy()
    frame.loc[frame.index[7], "frequency"] = -1.0
    frame.loc[frame.index[8], "monetary_value"] = np.inf
    frame.reset_index().to_parquet(tmp_path / "planted.parquet")
    customers = spark.read.parquet((tmp_path / "planted.parquet").as_uri()).repartition(3)
    folder = write_stored(customers, tmp_path / "vectors", {})
    answer = assigned_frame(spark.read.parquet(folder.as_uri()), model, "7", "unassigned", explained=True)
    written = write_stored(answer, tmp_path / "assigned", {"model_version": "7"})
    table = pd.read_parquet(written).set_index("customer_id").loc[frame.index]
    assert table.refused.notna().to_numpy().nonzero()[0].tolist() == [7, 8]
    assert table.iloc[[7, 8]].segment_id.isna().all()
    kept = frame.drop(index=frame.index[[7, 8]])
    expected = pd.concat([model.assign(kept), model.explain_table(kept).table(kept.index)], axis="columns")
    for name in expected.columns:
        ours, theirs = expected[name].tolist(), table.loc[kept.index, name].tolist()
        assert theirs == pytest.approx(ours, abs=0, nan_ok=True), name  # to the bit


def test_vectors_of_another_model_are_refused_before_any_work(spark: Any, kmeans_model: SegmentModel) -> None:
    frame = spark.createDataFrame([("A", 1.0)], "customer_id string, often double")
    with pytest.raises(ContractError, match="often"):
        assigned_frame(frame, kmeans_model, "7", "unassigned")
    with pytest.raises(ContractError, match="no column customer_id"):
        assigned_frame(frame.drop("customer_id"), kmeans_model, "7", "unassigned")


def test_the_packaged_model_is_a_function_of_spark(
    spark: Any, kmeans_model: SegmentModel, planted: Any, tmp_path: Path
) -> None:
    """MLflow's own way, for those who have the model's address and nothing of this project."""
    mlflow = load_mlflow()
    identity = {"artifact_path": "model", "model_uuid": "m-1", "model_id": "m-1", "run_id": "r-1"}
    write_package(kmeans_model, planted.frame, tmp_path / "package", identity)
    planted.frame.reset_index().to_parquet(tmp_path / "planted.parquet")
    customers = spark.read.parquet((tmp_path / "planted.parquet").as_uri())
    assign = mlflow.pyfunc.spark_udf(
        spark, str(tmp_path / "package"), result_type="segment_id string, strength double", env_manager="local"
    )
    names = list(kmeans_model.contract.names)
    rows = customers.select("customer_id", assign(*names).alias("answer")).collect()
    answers = {row["customer_id"]: (row["answer"]["segment_id"], row["answer"]["strength"]) for row in rows}
    expected = kmeans_model.assign(planted.frame)
    assert answers == dict(zip(expected.index, zip(expected.segment_id, expected.strength, strict=True), strict=True))


def test_a_sample_is_the_same_wherever_the_customers_lie(spark: Any, tmp_path: Path) -> None:
    """Of each stratum its share, to one customer; another seed takes others."""
    scores = np.random.default_rng(4).choice([1.0, 2.0, 5.0], 600, p=[0.7, 0.25, 0.05])
    frame = pd.DataFrame({"customer_id": [f"C{n}" for n in range(600)], "frequency": 1.0, "f_score": scores})
    frame.loc[frame.index[:9], "f_score"] = np.nan
    frame.to_parquet(tmp_path / "vectors.parquet", index=False)
    contract = VectorContract((Column("frequency", Kind.COUNT), Column("f_score", Kind.COUNT, nullable=True)))
    customers = spark.read.parquet((tmp_path / "vectors.parquet").as_uri())
    sample = sampled_rows(customers, contract, 100, seed=0)
    pd.testing.assert_frame_equal(sampled_rows(customers.repartition(7), contract, 100, seed=0), sample)
    assert len(sample) == 100
    assert sample.index.is_unique
    counts = frame.f_score.value_counts(dropna=False) / 6
    assert (abs(sample.f_score.value_counts(dropna=False) - counts) < 1).all()
    assert set(sampled_rows(customers, contract, 100, seed=1).index) != set(sample.index)
    assert len(sampled_rows(customers, contract, 10_000, seed=0)) == 600


COMMANDS = """
engine: {spark: "local[2]"}
sources:
  vectors: {file: planted.parquet}
discovery: {algorithms: [{algorithm: kmeans, segments: 4}]}
"""


def test_discover_features_and_assign_by_the_command_line(
    spark: Any, planted: Any, tmp_path: Path, quick_discovery: Callable[[], AbstractContextManager[None]]
) -> None:
    """The same answers as without the line `engine`; a customer whom the model cannot read is told, and no other."""
    planted.frame.reset_index().to_parquet(tmp_path / "planted.parquet", index=False)
    (tmp_path / "segments.yaml").write_text(COMMANDS)
    (tmp_path / "here.yaml").write_text(COMMANDS.replace('engine: {spark: "local[2]"}', ""))

    def run(*arguments: object, code: int = 0) -> str:
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert done.exit_code == code, done.output
        return done.output

    with quick_discovery():
        output = run("discover", tmp_path / "segments.yaml", "--promote")
    assert "400 customers in Spark; choosing the size of a sample" in output
    assert "sample: all customers are fetched from Spark" in output
    tables = {}
    for name in ("segments", "here"):
        config, vectors, out = (tmp_path / f"{name}{suffix}" for suffix in (".yaml", ".parquet", "-assigned.parquet"))
        output = run("features", config, "--model", "champion", "--out", vectors)
        assert output.startswith("400 customers\n  vectors: 400 rows")
        output = run("assign", vectors, "--out", out, "--config", config, "--explain")
        assert "wrote 400 assignments to" in output
        file = out if out.is_file() else read_stored(out)[0]
        table = pd.read_parquet(file)
        tables[name] = table.set_index("customer_id").sort_index() if "customer_id" in table else table.sort_index()
    assert tables["segments"].pop("refused").isna().all()
    pd.testing.assert_frame_equal(
        tables["segments"][list(tables["here"].columns)], tables["here"], check_exact=True, check_index_type=False
    )
    output = run("report", "--config", tmp_path / "segments.yaml", "--out", tmp_path / "report.html", code=2)
    assert "this command works on customers in memory" in output
    output = run("features", tmp_path / "segments.yaml", "--out", tmp_path / "vectors.csv", code=2)
    assert "Spark writes Parquet" in output
