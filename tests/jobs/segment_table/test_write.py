"""The table of segments in a real PostgreSQL: run again, killed, two at once, refused."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import psycopg.sql
import pytest

from features.vector_table import IdType
from jobs.segment_table.destination import SegmentTable
from jobs.segment_table.read import read_segments
from jobs.segment_table.write import Stamp, Written, write_segments
from segment_model.errors import DestinationError, SourceError

TABLE = SegmentTable("RESULTS_URL", "customer_segments", "results")
MARCH, APRIL = datetime(2026, 3, 1), datetime(2026, 4, 1)
REFERENCE = (Path(__file__).parents[3] / "docs" / "reference.md").read_text(encoding="utf-8")


def documented(begins: str) -> str:
    """The SQL of docs/reference.md that begins so, for the table in the schema of the tests."""
    (sql,) = (block for block in re.findall(r"```sql\n(.*?)```", REFERENCE, re.S) if block.startswith(begins))
    return re.sub(r"\bcustomer_segments\b", "results.customer_segments", sql)


def assigned(segments: dict[Any, str | None]) -> pd.DataFrame:
    """Assignments as `SegmentModel.assign` gives them, of a segment by customer."""
    ids = list(segments.values())
    return pd.DataFrame(
        {
            "segment_id": pd.array(ids, dtype="str"),
            "segment_name": pd.array([None if name is None else f"Größe, „{name}“" for name in ids], dtype="str"),
            "strength": np.linspace(0, 1 / 3, len(ids)),
            "runner_up_id": pd.array(["seg-9"] * len(ids), dtype="str"),
            "unassigned": [name is None for name in ids],
            "novel": False,
        },
        index=pd.Index(list(segments), name="customer_id"),
    )


def write(segments: dict[Any, str | None], as_of: datetime = MARCH, version: int = 1, **more: Any) -> Written:
    id_type = more.pop("id_type", IdType.TEXT)
    stamp = Stamp(as_of, "customer-segments", version)
    return write_segments([assigned(segments)], id_type, stamp, more.pop("table", TABLE))


@pytest.fixture
def results(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database with an empty schema `results`, which RESULTS_URL names."""
    monkeypatch.setenv("RESULTS_URL", postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA results")
        yield connection
        connection.execute("DROP SCHEMA results CASCADE")


def rows(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT * FROM results.customer_segments ORDER BY as_of, customer_id").fetchall()


def test_a_job_that_is_run_again_changes_nothing(results: psycopg.Connection[Any]) -> None:
    everyone: dict[Any, str | None] = {"Zoë": "seg-1", "": "seg-2", 'o"brien, 李\n\\.': "seg-1", "007": None}
    assert write(everyone) == Written(4, 4)
    first = rows(results)
    by_customer = {row[0]: row for row in first}
    assert by_customer["Zoë"][1:10] == (
        MARCH, "customer-segments", 1, "seg-1", "Größe, „seg-1“", 0.0, "seg-9", False, False,
    )  # fmt: skip
    assert by_customer["007"][4:9] == (None, None, 1 / 3, "seg-9", True)
    assert set(by_customer) == set(everyone)
    assert write(everyone) == Written(4, 0)
    assert rows(results) == first
    assert write(everyone | {"Zoë": "seg-2"}) == Written(4, 1)
    assert [row[:4] for row in rows(results)] == [row[:4] for row in first]


def test_who_was_where_on_a_day_is_one_query(results: psycopg.Connection[Any]) -> None:
    write({"a": "seg-1", "b": "seg-1"}, datetime(2026, 2, 1))
    write({"a": "seg-2", "b": "seg-1", "c": "seg-1"}, MARCH)
    write({"a": "seg-3", "c": None}, APRIL, version=2)

    def on(day: str) -> dict[str, str]:
        query = documented("SELECT DISTINCT ON").replace("2026-03-01", day)
        return {row[0]: row[1] for row in results.execute(query.encode()).fetchall()}

    assert on("2026-01-31") == {}
    assert on("2026-02-28") == {"a": "seg-1", "b": "seg-1"}
    assert on("2026-03-01") == {"a": "seg-2", "b": "seg-1", "c": "seg-1"}
    assert on("2026-12-24") == {"a": "seg-3", "b": "seg-1", "c": None}


def test_versions_and_models_keep_rows_of_their_own(results: psycopg.Connection[Any]) -> None:
    write({"a": "seg-1"})
    write({"a": "seg-2"}, version=2)
    write_segments([assigned({"a": "seg-3"})], IdType.TEXT, Stamp(MARCH, "another", 1), TABLE)
    assert {row[2:5] for row in rows(results)} == {
        ("customer-segments", 1, "seg-1"), ("customer-segments", 2, "seg-2"), ("another", 1, "seg-3"),
    }  # fmt: skip


def test_ids_that_are_whole_numbers_stay_so(results: psycopg.Connection[Any]) -> None:
    ids: dict[Any, str | None] = {-7: "seg-1", 2**63 - 1: "seg-2"}
    assert write(ids, id_type=IdType.INTEGER) == Written(2, 2)
    assert [row[0] for row in rows(results)] == [-7, 2**63 - 1]
    with pytest.raises(DestinationError, match="customer_id is bigint instead of text"):
        write({"a": "seg-1"})


def test_nobody_leaves_an_empty_table(results: psycopg.Connection[Any]) -> None:
    assert write({}) == Written(0, 0)
    assert rows(results) == []


def test_a_job_that_is_killed_leaves_the_old_rows_and_the_next_one_writes_the_new(
    results: psycopg.Connection[Any], postgres_url: str, tmp_path: Path
) -> None:
    write({"a": "seg-1", "b": "seg-1"})
    before = rows(results)
    changed: dict[Any, str | None] = {"a": "seg-2", "b": "seg-2", "c": "seg-2"}
    assigned(changed).to_parquet(tmp_path / "assigned.parquet")
    script = (
        "import pandas as pd, sys; from datetime import datetime; from features.vector_table import IdType;"
        "from jobs.segment_table.destination import SegmentTable; from jobs.segment_table.write import Stamp, "
        "write_segments; write_segments([pd.read_parquet(sys.argv[1])], IdType.TEXT, Stamp(datetime(2026, 3, 1), "
        "'customer-segments', 1), SegmentTable('RESULTS_URL', 'customer_segments', 'results'))"
    )
    with psycopg.connect(postgres_url) as other:
        # whoever changes the last row holds the job up in the midst of its statement
        other.execute("UPDATE results.customer_segments SET novel = true WHERE customer_id = 'b'")
        job = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "assigned.parquet")])
        try:
            wait_for(
                results,
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO%' AND wait_event_type = 'Lock'",
            )
        finally:
            job.kill()
            job.wait()
        other.rollback()
    wait_for(results, "SELECT 1 - least(count(*), 1) FROM pg_locks WHERE locktype = 'advisory'")
    assert rows(results) == before
    assert write(changed) == Written(3, 3)
    assert {row[0]: row[4] for row in rows(results)} == changed


def wait_for(connection: psycopg.Connection[Any], query: str) -> None:
    """Until the query answers with 1."""
    end = time.monotonic() + 60
    while connection.execute(query.encode()).fetchone() != (1,):
        assert time.monotonic() < end, query
        time.sleep(0.02)


def test_jobs_at_once_make_the_table_once_and_lose_nothing(results: psycopg.Connection[Any]) -> None:
    customers = [f"c{number}" for number in range(2000)]

    def job(number: int) -> Written:
        # the same customers in another order: without a lock two jobs would wait for each other for ever
        order = customers if number % 2 else customers[::-1]
        return write(dict.fromkeys(order, f"seg-{number}"), version=1 + number // 4)

    with ThreadPoolExecutor(8) as pool:
        assert [written.rows for written in pool.map(job, range(8))] == [2000] * 8
    for version in (1, 2):
        counts = results.execute(
            "SELECT count(*), count(DISTINCT customer_id), count(DISTINCT segment_id) "
            "FROM results.customer_segments WHERE model_version = %s",
            (version,),
        ).fetchone()
        assert counts == (2000, 2000, 1), "one job's rows as a whole"


def test_a_table_of_other_columns_is_refused_and_stays(results: psycopg.Connection[Any]) -> None:
    results.execute("CREATE TABLE results.customer_segments (customer_id text PRIMARY KEY, strength numeric)")
    results.execute("INSERT INTO results.customer_segments VALUES ('a', 1)")
    with pytest.raises(DestinationError) as caught:
        write({"a": "seg-1"})
    text = str(caught.value)
    assert text.startswith("results.customer_segments is there already and is no table of segments: as_of (timestamp")
    assert "strength is numeric instead of double precision" in text
    assert text.endswith("Name another table")
    assert results.execute("SELECT * FROM results.customer_segments").fetchall() == [("a", 1)]


def test_a_table_that_the_user_made_takes_the_rows_and_keeps_a_column_of_theirs(
    results: psycopg.Connection[Any],
) -> None:
    results.execute(documented("CREATE TABLE").encode())
    write({"a": "seg-1"})
    results.execute("ALTER TABLE results.customer_segments ADD COLUMN note text DEFAULT 'ours'")
    write({"a": "seg-2", "b": "seg-2"})
    assert [(row[0], row[4], row[-1]) for row in rows(results)] == [("a", "seg-2", "ours"), ("b", "seg-2", "ours")]
    results.execute("ALTER TABLE results.customer_segments DROP CONSTRAINT customer_segments_pkey")
    with pytest.raises(DestinationError, match=r"it has no primary key \(customer_id, as_of, model_name"):
        write({"a": "seg-1"})


@pytest.mark.parametrize(
    "name", ["segments_assigned", "100%s of 李", 'a "b".c', "Customer_Segments", "select", "x" * 63]
)
def test_a_table_of_any_name_is_written_and_read(name: str, results: psycopg.Connection[Any]) -> None:
    """One has the name of the job's own temporary table, and in others a driver would look for parameters."""
    table = SegmentTable("RESULTS_URL", name)
    try:
        assert write({"a": "seg-1"}, table=table) == Written(1, 1)
        assert write({"a": "seg-2"}, table=table) == Written(1, 1)
        assert read_segments(table, "customer-segments", [MARCH])["segment_id"].tolist() == ["seg-2"]
    finally:
        results.execute(psycopg.sql.SQL("DROP TABLE IF EXISTS {}").format(psycopg.sql.Identifier(name)))


OURS = (
    "strength float8, as_of timestamp, model_name text, model_version int, segment_id text, segment_name text, "
    "customer_id text, runner_up_id text, unassigned bool, novel bool, written_at timestamptz, note text"
)
KEY = "customer_id, as_of, model_name, model_version"


def test_a_table_of_the_users_own_may_lack_our_defaults_and_carry_more_in_its_index(
    results: psycopg.Connection[Any],
) -> None:
    results.execute(f"CREATE TABLE results.customer_segments ({OURS}, PRIMARY KEY ({KEY}) INCLUDE (note))".encode())
    write({"a": "seg-1"}, version=2)
    write({"a": "seg-2"}, version=1)
    query = documented("SELECT DISTINCT ON")
    assert [row[1] for row in results.execute(query.encode()).fetchall()] == ["seg-2"], "the row written last"
    assert read_segments(TABLE, "customer-segments", [MARCH])["segment_id"].tolist() == ["seg-2"]


@pytest.mark.parametrize(
    "index",
    [
        f"ALTER TABLE {{}} ADD PRIMARY KEY ({KEY}) DEFERRABLE",
        f"CREATE UNIQUE INDEX ON {{}} ({KEY}, lower(segment_id))",
        "CREATE UNIQUE INDEX ON {} (customer_id, as_of, model_name) INCLUDE (model_version)",
    ],
)
def test_an_index_that_is_no_key_of_the_rows_is_named_before_anything_is_written(
    index: str, results: psycopg.Connection[Any]
) -> None:
    results.execute(f"CREATE TABLE results.customer_segments ({OURS})".encode())
    results.execute(index.format("results.customer_segments").encode())
    with pytest.raises(DestinationError, match=r"it has no primary key \(customer_id, as_of, model_name"):
        write({"a": "seg-1"})


def test_the_row_written_last_is_that_of_the_job_that_wrote_last_whichever_began_first(
    results: psycopg.Connection[Any], postgres_url: str
) -> None:
    write({"z": "seg-0"})
    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgres_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('segments:customer_segments', 0))")
        waiting = pool.submit(write, {"a": "seg-2"}, version=1)
        wait_for(results, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        # the row of a job that began after the waiting one, and wrote before it
        other.execute(
            "INSERT INTO results.customer_segments SELECT 'a', as_of, model_name, 2, 'seg-1', 'x', 1, NULL, false, "
            "false, clock_timestamp() FROM results.customer_segments"
        )
        other.commit()
        assert waiting.result() == Written(1, 1)
    last = read_segments(TABLE, "customer-segments", [MARCH]).set_index("customer_id")
    assert last.loc["a", "segment_id"] == "seg-2"


def test_a_database_of_a_stricter_isolation_lets_a_job_wait_for_another(
    results: psycopg.Connection[Any], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"a": "seg-1"})
    monkeypatch.setenv("RESULTS_URL", f"{postgres_url}?options=-cdefault_transaction_isolation%3Dserializable")
    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgres_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('segments:customer_segments', 0))")
        waiting = pool.submit(write, {"a": "seg-3"})
        wait_for(results, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        other.execute("UPDATE results.customer_segments SET segment_id = 'seg-2'")
        other.commit()
        assert waiting.result() == Written(1, 1)
    assert [row[4] for row in rows(results)] == ["seg-3"]


def test_a_connection_that_is_lost_at_the_end_is_not_said_to_have_written_nothing(
    results: psycopg.Connection[Any],
) -> None:
    write({"a": "seg-1"})
    results.execute(
        "CREATE FUNCTION results.end_it() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
    )
    results.execute(
        "CREATE CONSTRAINT TRIGGER at_the_end AFTER UPDATE ON results.customer_segments DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION results.end_it()"
    )
    with pytest.raises(DestinationError, match=r"connection was lost .* all of them are there, or none is. Run the"):
        write({"a": "seg-2"})


@pytest.mark.parametrize(
    ("rights", "says"),
    [
        ((), "permission denied for schema results"),
        (("USAGE ON SCHEMA results",), "permission denied for schema results"),
        (("USAGE, CREATE ON SCHEMA results",), ""),
    ],
)
def test_a_role_that_may_not_write_learns_which_right_it_lacks(
    rights: tuple[str, ...],
    says: str,
    results: psycopg.Connection[Any],
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with role(results, "writer", *rights):
        monkeypatch.setenv("RESULTS_URL", postgres_url.replace("shop:secret-word", "writer"))
        if not says:
            assert write({"a": "seg-1"}) == Written(1, 1)
            return
        with pytest.raises(DestinationError) as caught:
            write({"a": "seg-1"})
        assert says in str(caught.value)
        assert "grant the user of this URL SELECT, INSERT and UPDATE on the table, CREATE on its" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_role_that_may_only_read_the_table_changes_nothing(
    results: psycopg.Connection[Any], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"a": "seg-1"})
    before = rows(results)
    rights = ("USAGE ON SCHEMA results", "SELECT ON results.customer_segments")
    with role(results, "reader", *rights):
        monkeypatch.setenv("RESULTS_URL", postgres_url.replace("shop:secret-word", "reader"))
        with pytest.raises(DestinationError, match="permission denied for table customer_segments; grant the user"):
            write({"a": "seg-2"})
    assert rows(results) == before


@contextmanager
def role(connection: psycopg.Connection[Any], name: str, *rights: str) -> Iterator[None]:
    """A user of the server with these rights, while the block lasts."""
    connection.execute(f"CREATE ROLE {name} LOGIN".encode())
    try:
        for right in rights:
            connection.execute(f"GRANT {right} TO {name}".encode())
        yield
    finally:
        connection.execute(f"DROP OWNED BY {name}".encode())
        connection.execute(f"DROP ROLE {name}".encode())


def test_an_absent_schema_and_a_character_that_cannot_be_stored(results: psycopg.Connection[Any]) -> None:
    with pytest.raises(DestinationError, match='schema "nowhere" does not exist; create the schema, or name another'):
        write({"a": "seg-1"}, table=SegmentTable("RESULTS_URL", "customer_segments", "nowhere"))
    with pytest.raises(DestinationError, match="a character that PostgreSQL cannot store"):
        write({"a\0": "seg-1"})
    with pytest.raises(DestinationError, match="a customer id is too long for the key of the table"):
        write({"".join(map(chr, range(0x4E00, 0x6E00))): "seg-1"})
    assert results.execute("SELECT to_regclass('results.customer_segments')").fetchone() == (None,)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_texts_stay_as_they_are_in_a_database_of_another_encoding(
    encoding: str, results: psycopg.Connection[Any], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    results.execute(f"CREATE DATABASE other ENCODING '{encoding}' TEMPLATE template0 LOCALE 'C'".encode())
    try:
        monkeypatch.setenv("RESULTS_URL", postgres_url.replace("/postgres", "/other"))
        table, stamp = SegmentTable("RESULTS_URL", "customer_segments"), Stamp(MARCH, "customer-segments", 1)
        zoe = assigned({"Zoë": "seg-1"}).assign(segment_name="Größe")
        assert write_segments([zoe], IdType.TEXT, stamp, table) == Written(1, 1)
        assert write_segments([zoe], IdType.TEXT, stamp, table) == Written(1, 0)
        assert read_segments(table, "customer-segments", [MARCH])["customer_id"].tolist() == ["Zoë"]
        with psycopg.connect(postgres_url.replace("/postgres", "/other"), client_encoding="UTF8") as other:
            assert other.execute("SELECT customer_id, segment_name FROM customer_segments").fetchall() == [
                ("Zoë", "Größe")
            ]
        if encoding == "LATIN1":
            with pytest.raises(
                DestinationError, match="has a character that the encoding of this database does not have"
            ):
                write_segments([assigned({"李": "seg-1"})], IdType.TEXT, stamp, table)
    finally:
        results.execute("DROP DATABASE other")


def test_a_variable_that_is_not_set_and_a_server_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RESULTS_URL", raising=False)
    with pytest.raises(SourceError, match="RESULTS_URL must hold the PostgreSQL URL; it is not set"):
        write({"a": "seg-1"})
    monkeypatch.setenv("RESULTS_URL", "postgresql://shop:secret-word@127.0.0.1:1/shop")
    with pytest.raises(SourceError, match="RESULTS_URL names: nothing listens at its address") as caught:
        write({"a": "seg-1"})
    assert "secret-word" not in str(caught.value)
    monkeypatch.setenv("RESULTS_URL", f"postgresql://shop:secret-word@{'h' * 64}.example/shop")
    with pytest.raises(SourceError, match="cannot connect to the PostgreSQL that RESULTS_URL names") as caught:
        write({"a": "seg-1"})
    assert "secret-word" not in str(caught.value)
