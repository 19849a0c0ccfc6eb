"""Members stand beside the rows of every engine, under ids of one type; the user's databases stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
import pytest

from features.as_of import AsOf
from features.customer_vector import build_vectors
from features.history.fingerprints import fingerprints
from features.history.placed_members import PlacedMembers
from features.history.table_history import TableHistory, open_history
from features.settings import FeatureSettings, Sources
from features.sources import fetch

UNTIL = date(2024, 7, 1)
PLACES = (
    {"file": "orders.parquet"},
    {"file": "orders.csv"},
    {"duckdb": "shop.duckdb", "table": "orders"},
    {"postgres": "SHOP_URL", "table": "shop.orders"},
)


@contextmanager
def opened(place: dict[str, str], folder: Path) -> Iterator[TableHistory]:
    sources = Sources.model_validate({"orders": place})
    learned = build_vectors(sources, FeatureSettings(), UNTIL, folder).learned
    with open_history(sources, FeatureSettings(), AsOf.at(UNTIL, "UTC"), folder, learned) as history:
        yield history


@pytest.mark.parametrize("place", PLACES, ids=["parquet", "csv", "duckdb", "postgres"])
def test_they_join_on_every_engine(
    place: dict[str, str], case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", case_postgres)
    orders = pd.read_parquet(case_folder / "orders.parquet")
    orders = orders[(orders.ordered_at < "2024-07-01") & (orders.amount >= 0)].dropna(subset="customer_id")
    ids = sorted(orders.customer_id.unique())
    plans = [None, *["pro"] * (len(ids) - 1)]
    members = pd.DataFrame(
        {"customer_id": ids, "position": range(len(ids)), "segment": 'Ärger, "quoted"\n', "plan": plans}
    ).astype({"customer_id": "str", "segment": "str", "plan": "str"})
    with opened(place, case_folder) as history:
        placed = PlacedMembers(members, history.temporary)
        rows, beside = placed.beside(history.rows("orders", AsOf.at(UNTIL, "UTC")))
        both = rows.join(beside, "customer_id").select("customer_id")
        counts = both.group_by("customer_id").aggregate(rows=both.count())
        kept = history.temporary.keep(counts)
        joined = {row["customer_id"]: row["rows"] for row in fetch(kept, "rows").to_pylist()}
        back = fetch(beside, "members").to_pandas().sort_values("position", ignore_index=True)
        assert placed.beside(history.rows("orders", AsOf.at(UNTIL, "UTC")))[1] is beside, "placed once an engine"
    assert joined == orders.groupby("customer_id").size().to_dict()
    pd.testing.assert_frame_equal(back.astype(members.dtypes.to_dict()), members)


def test_whole_numbers_stay_whole_numbers_unless_one_customer_elsewhere_has_another_id(tmp_path: Path) -> None:
    frame = pd.DataFrame({"customer_id": [1, 2], "ordered_at": pd.to_datetime(["2024-01-01"] * 2), "amount": 1.0})
    frame.to_parquet(tmp_path / "orders.parquet")
    with opened({"file": "orders.parquet"}, tmp_path) as history:
        rows = history.rows("orders", AsOf.at(UNTIL, "UTC"))
        for ids, kind in ((["1", "2"], "int64"), (["1", "K-17"], "string"), (["1", "007"], "string")):
            members = pd.DataFrame({"customer_id": ids, "position": 0, "segment": "s"}).astype({"customer_id": "str"})
            of_rows, beside = PlacedMembers(members, history.temporary).beside(rows)
            assert str(of_rows.customer_id.type()) == str(beside.customer_id.type()).lstrip("!") == kind
            both = of_rows.join(beside, "customer_id")
            joined = fetch(both.select(customer_id=both.customer_id.cast("string")), "ids").to_pylist()
            assert {row["customer_id"] for row in joined} == set(ids) & {"1", "2"}


def test_nothing_stays_in_a_database(case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", case_postgres)
    members = pd.DataFrame({"customer_id": ["C001"], "position": [0], "segment": ["s"]}).astype({"customer_id": "str"})
    with opened(PLACES[3], case_folder) as history:
        rows, _ = PlacedMembers(members, history.temporary).beside(history.rows("orders", AsOf.at(UNTIL, "UTC")))
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            rows.get_backend().con.execute("CREATE TABLE shop.left_behind (n int)")
    with psycopg.connect(case_postgres) as connection:
        left = connection.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'segments_%'").fetchone()
    assert left == (0,)
    with opened(PLACES[2], case_folder) as history:
        PlacedMembers(members, history.temporary).beside(history.rows("orders", AsOf.at(UNTIL, "UTC")))
    with duckdb.connect(str(case_folder / "shop.duckdb"), read_only=True) as database:
        assert database.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'segments_%'"
        ).fetchone() == (0,)


def test_a_fingerprint_changes_with_the_rows_before_the_moment(tmp_path: Path, case_folder: Path) -> None:
    path = tmp_path / "shop.duckdb"
    path.write_bytes((case_folder / "shop.duckdb").read_bytes())
    place = {"duckdb": "shop.duckdb", "table": "orders"}

    def made() -> dict[str, str]:
        with opened(place, tmp_path) as history:
            return fingerprints(Sources.model_validate({"orders": place}), tmp_path, history.opened)

    def change(statement: str) -> None:
        with duckdb.connect(str(path)) as database:
            database.execute(statement).fetchall()

    before = made()
    assert made() == before
    change("INSERT INTO orders SELECT * REPLACE ('2024-07-01'::TIMESTAMP AS ordered_at) FROM orders LIMIT 5")
    assert made() == before, "rows at the moment are not before it"
    change("UPDATE orders SET customer_id = 'C000' WHERE customer_id = 'C001'")
    assert made() != before


def test_a_fingerprint_changes_with_a_file(tmp_path: Path, case_folder: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text((case_folder / "orders.csv").read_text())
    sources = Sources.model_validate({"orders": {"file": "orders.csv"}})

    def made() -> dict[str, str]:
        with opened({"file": "orders.csv"}, tmp_path) as history:
            return fingerprints(sources, tmp_path, history.opened)

    before = made()
    assert made() == before
    file.write_text(file.read_text() + "C001,O9,2024-02-01,5.0,\n")
    assert made() != before
