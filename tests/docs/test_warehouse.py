"""The page on warehouses says what is true: its commands and statements run, and lead to the segments of `assign`."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pandas as pd
import psycopg
import pytest
import yaml
from click.testing import CliRunner

from cli import main
from features.reading.spark_session import ZONE

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "warehouse.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, quick_discovery: Callable[[], AbstractContextManager[None]]) -> Path:
    """The shop of the page, with a champion, its vectors and its assignments by the commands."""
    folder = tmp_path_factory.mktemp("shop")
    with duckdb.connect(str(folder / "shop.duckdb")) as database:
        database.execute(
            "CREATE TABLE orders AS SELECT 'kunde ' || n % 60 AS customer_id, TIMESTAMP '2026-01-01' + n * INTERVAL 6 "
            "HOUR AS ordered_at, 10.0 + power(n * 37 % 60, 2) AS amount FROM range(600) AS r(n) "
            "WHERE n % 60 < 40 OR n % 7 = 0"
        )
    (folder / "segments.yaml").write_text(blocks("yaml")[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with quick_discovery():
            run("discover", "segments.yaml", "--promote")
        run("features", "segments.yaml", "--model", "champion", "--out", "vectors.parquet")
        run("assign", "vectors.parquet", "--explain", "--out", "assigned.parquet")
    return folder


def assert_assigned(answers: pd.DataFrame, shop: Path) -> None:
    expected = pd.read_parquet(shop / "assigned.parquet")
    ours = answers.set_index("customer_id").sort_index()
    assert ours.index.tolist() == sorted(expected.index)
    assert ours["refused"].isna().all()
    for name in expected.columns:
        if expected[name].dtype == float:
            assert (ours[name] - expected[name]).abs().max() < 1e-9, name
        else:
            assert ours[name].tolist() == expected[name].sort_index().tolist(), name


def test_the_commands_of_the_page_make_the_segments_of_raw_tables(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop)
    lines = blocks("console")[0].splitlines()
    for typed, shown in zip(lines[::2], lines[1::2], strict=True):
        assert run(*typed.removeprefix("$ segments ").split()) == f"{shown}\n"
    with duckdb.connect(str(shop / "shop.duckdb")) as database:
        database.execute("SET TimeZone = 'Europe/Berlin'")
        for name in ("vectors.sql", "segments.sql"):
            database.execute(Path(name).read_text(encoding="utf-8"))
        counts, adds_up = (database.sql(statement).df() for statement in blocks("sql"))
        assert_assigned(database.sql("FROM customer_segments").df(), shop)
    assert counts["customers"].sum() == len(pd.read_parquet("vectors.parquet"))
    assert counts["has_strength"].all()
    assert counts["refused"].sum() == 0
    assert adds_up.iloc[0, 0]


def rendered(folder: Path, source_as: str = "{name}") -> tuple[dict[str, tuple[list[str], str]], set[tuple[str, str]]]:
    """The models of dbt by name, each with the statements before it, and the sources that they read.

    source_as : how the SQL names a source.
    """
    hooks: list[str] = []
    sources: set[tuple[str, str]] = set()

    def source(schema: str, name: str) -> str:
        sources.add((schema, name))
        return source_as.format(schema=schema, name=name)

    def config(materialized: str, pre_hook: list[str]) -> str:
        assert materialized == "table"
        hooks[:] = pre_hook
        return ""

    words: dict[str, Any] = {"source": source, "config": config, "ref": str, "var": lambda _, default: default}
    statements = {}
    for name in ("customer_vectors", "customer_segments"):
        sql = jinja2.Template((folder / f"{name}.sql").read_text(encoding="utf-8")).render(words)
        statements[name] = [*hooks], sql
    return statements, sources


def test_the_models_of_dbt_make_the_same_segments(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a stand-in for dbt, which fills in its templates and runs its tests."""
    monkeypatch.chdir(shop)
    (shop / "models").mkdir()
    printed = run("sql", "--explain", "--dbt", "models")
    assert [line.split("/")[-1] for line in printed.splitlines()] == [
        "customer_vectors.sql",
        "customer_segments.sql",
        "schema.yml",
    ]
    statements, sources = rendered(shop / "models")
    with duckdb.connect(str(shop / "shop.duckdb")) as database:
        database.execute("DROP VIEW IF EXISTS customer_segments; DROP VIEW IF EXISTS customer_vectors")
        for name, (hooks, sql) in statements.items():
            for hook in hooks:
                database.execute(hook)
            database.execute(f"CREATE TABLE {name} AS {sql}")
        answers = database.sql("FROM customer_segments").df()
    assert_assigned(answers, shop)
    assert sources == {("raw", "orders")}
    schema = yaml.safe_load((shop / "models" / "schema.yml").read_text(encoding="utf-8"))
    tested = {column["name"]: column for column in schema["models"][1]["columns"]}
    assert set(answers["segment_id"]) <= set(tested["segment_id"]["data_tests"][0]["accepted_values"]["values"])
    assert schema["sources"] == [{"name": "raw", "schema": "{{ target.schema }}", "tables": [{"name": "orders"}]}]


def test_a_file_of_dbt_that_somebody_else_wrote_stays(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop)
    own = shop / "mine" / "schema.yml"
    own.parent.mkdir()
    own.write_text("version: 2\n")
    done = CliRunner().invoke(main, ["sql", "--dbt", "mine"])
    assert (done.exit_code, list(own.parent.iterdir()), own.read_text()) == (2, [own], "version: 2\n")
    assert "mine/schema.yml: not written by this command" in done.stderr
    own.unlink()
    for _ in range(2):
        run("sql", "--dbt", "mine")


def test_postgres_makes_the_same_segments_of_raw_tables_by_sql_alone(
    shop: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By views, and by the models of dbt, in another schema than that of the raw table."""
    monkeypatch.chdir(shop)
    monkeypatch.setenv("SHOP_URL", postgres_url)
    with duckdb.connect(str(shop / "shop.duckdb")) as database:
        rows = database.sql("FROM orders").fetchall()
    (shop / "of_postgres").mkdir()
    in_postgres = blocks("yaml")[0].replace(
        "duckdb: shop.duckdb, table: orders", "postgres: SHOP_URL, table: mart.orders"
    )
    (shop / "postgres.yaml").write_text(in_postgres)
    options = ("--dialect", "postgres", "--config", "postgres.yaml")
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE SCHEMA mart")
        connection.execute("CREATE TABLE mart.orders (customer_id text, ordered_at timestamp, amount double precision)")
        connection.cursor().executemany("INSERT INTO mart.orders VALUES (%s, %s, %s)", rows)
        connection.execute("CREATE SCHEMA results")
        connection.commit()

        def answers() -> pd.DataFrame:
            cursor = connection.execute("SELECT * FROM customer_segments")
            return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])

        connection.execute("SET search_path = results")
        connection.execute("SET TimeZone = 'Europe/Berlin'")
        connection.execute(run("sql", *options, "--features", "--view", "customer_vectors").encode())
        connection.execute(run("sql", *options, "--explain", "--view", "customer_segments").encode())
        assert_assigned(answers(), shop)
        connection.execute("DROP VIEW customer_segments; DROP VIEW customer_vectors")
        run("sql", *options, "--explain", "--dbt", "of_postgres")
        statements, sources = rendered(shop / "of_postgres", "{schema}.{name}")
        assert sources == {("mart", "orders")}
        assert statements["customer_vectors"][0] == ["SET TimeZone = 'Europe/Berlin'"]
        for name, (hooks, sql) in statements.items():
            for hook in hooks:
                connection.execute(hook.encode())
            connection.execute(f"CREATE TABLE {name} AS {sql}".encode())
        assert_assigned(answers(), shop)
        connection.rollback()
        connection.execute("DROP SCHEMA mart CASCADE; DROP SCHEMA results CASCADE")


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # of py4j's gateway
def test_spark_makes_the_same_segments_of_raw_tables_by_sql_alone(
    shop: Path, spark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By views, which keep the time zone in which they were made; and by the models of dbt."""
    monkeypatch.chdir(shop)
    with duckdb.connect(str(shop / "shop.duckdb")) as database:
        database.execute("COPY orders TO 'orders.parquet'")
    (shop / "of_spark").mkdir()
    spark.sql("CREATE SCHEMA mart")
    spark.sql("USE mart")
    try:
        spark.read.parquet((shop / "orders.parquet").as_uri()).write.saveAsTable("orders")
        of_a_view = run("sql", "--dialect", "spark", "--features", "--view", "customer_vectors")
        in_catalogue = blocks("yaml")[0].replace("{duckdb: shop.duckdb, table: orders}", "{spark_table: mart.orders}")
        (shop / "spark.yaml").write_text('engine: {spark: "local[2]"}\n' + in_catalogue)
        of_catalogue = run("sql", "--dialect", "spark", "--features", "--config", "spark.yaml")
        queries = [text.partition("WITH moment")[2] for text in (of_a_view, of_catalogue)]
        assert queries[0] == queries[1].replace("`mart`.`orders`", "`orders`") != queries[1]
        spark.sql(of_a_view)
        spark.sql(run("sql", "--dialect", "spark", "--explain", "--view", "customer_segments"))
        spark.conf.set(ZONE, "Pacific/Auckland")
        assert_assigned(spark.table("customer_segments").toArrow().to_pandas(), shop)
        spark.conf.set(ZONE, "Europe/Berlin")
        run("sql", "--dialect", "spark", "--explain", "--dbt", "of_spark")
        statements, sources = rendered(shop / "of_spark")
        assert sources == {("raw", "orders")}
        assert statements["customer_vectors"][0] == ["SET TIME ZONE 'Europe/Berlin'"]
        for name, (_, sql) in statements.items():
            spark.sql(f"DROP VIEW {name}")
            spark.sql(f"CREATE TABLE {name} USING parquet AS {sql}")
        assert_assigned(spark.table("customer_segments").toArrow().to_pandas(), shop)
    finally:
        spark.conf.set(ZONE, "Europe/Berlin")
        spark.sql("USE default")
        spark.sql("DROP SCHEMA mart CASCADE")


def test_databricks_gets_the_text_of_spark_under_a_heading_that_says_it_was_not_run(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    written = [run("sql", "--features", "--dialect", dialect) for dialect in ("spark", "databricks")]
    headings = [[line for line in text.splitlines() if line.startswith("-- ")] for text in written]
    queries = [[line for line in text.splitlines() if not line.startswith("-- ")] for text in written]
    assert queries[0] == queries[1]
    assert "-- SET TIME ZONE 'Europe/Berlin' before you run it: days are those of the business" in headings[1]
    assert any("written, not run" in line for line in headings[1])
    assert not any("written, not run" in line for line in headings[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--features", "--dialect", "snowflake"],
            "written for duckdb, postgres, spark, databricks, not for snowflake",
        ),
        (["--table", "a b c"], "names no table in DuckDB"),
        (["--column", "frequenzy=f"], "no column 'frequenzy'. Did you mean 'frequency'?"),
        (["--column", "frequency"], "is not of the form MODEL=TABLE"),
        (["--column", "frequency=a", "--column", "frequency=b"], "--column names frequency more than once"),
        (["--column", "frequency=recency_days"], "would be read as 'recency_days' and as 'frequency'"),
        (["--dbt", ".", "--features"], "--dbt writes its own files"),
        (["--dbt", ".", "--column", "frequency=f"], "under the model's names: leave out --table and --column"),
        (["--dbt", ".", "--table", "marts.vectors"], "under the model's names: leave out --table and --column"),
        (["--features", "--table", "marts.vectors"], "leave out --explain, --table, --column and --previous"),
        (["--view", "Marts.segments", "--table", "marts.segments"], "the view 'Marts.segments' would read itself"),
        (["--view", "s", "--previous", "s"], "the view 's' would read itself"),
        (["--features", "--explain"], "leave out --explain"),
        (["--as-of", "2026-06-01"], "it goes with --features or --dbt"),
        (["--features", "--as-of", "June"], "'June' is not a date"),
    ],
)
def test_a_mistake_is_one_line(shop: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str) -> None:
    monkeypatch.chdir(shop)
    done = CliRunner().invoke(main, ["sql", *arguments])
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.output
