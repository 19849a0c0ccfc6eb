"""One case table, four ways to store it: the same vectors to the bit."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from features.customer_vector import build_vectors
from features.settings import FeatureSettings, Sources
from features.vector_table import CustomerVectors
from segment_model.errors import SourceError

AS_OF = date(2024, 7, 1)
ATTRIBUTES = {
    "industry": {"kind": "category"},
    "employees": {"kind": "count", "unit": "people"},
    "is_public": {"kind": "flag"},
}
TABLES = ("orders", "events", "customers", "subscriptions")


def vectors_of(folder: Path, settings: FeatureSettings, **place: Any) -> CustomerVectors:
    def at(name: str) -> dict[str, Any]:
        filled = {key: value.format(name=name) for key, value in place.items()}
        more = {"customers": {"attributes": ATTRIBUTES}, "subscriptions": {"ends": "inclusive"}}
        return {**filled, **more.get(name, {})}

    return build_vectors(Sources.model_validate({name: at(name) for name in TABLES}), settings, AS_OF, folder)


NETTED = FeatureSettings.model_validate(
    {"rfm": {"refunds": "netted", "duplicates": "dropped", "cdnow_summary": True}, "time_zone": "Europe/Berlin"}
)


def test_csv_duckdb_and_postgres_agree_with_parquet(
    case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", case_postgres)
    parquet = vectors_of(case_folder, NETTED, file="{name}.parquet")
    assert len(parquet.frame) == 40
    assert parquet.frame.index[-1] == "李"
    for place in (
        {"file": "{name}.csv"},
        {"duckdb": "shop.duckdb", "table": "{name}"},
        {"postgres": "SHOP_URL", "table": "shop.{name}"},
    ):
        other = vectors_of(case_folder, NETTED, **place)
        differing = parquet.frame.compare(other.frame)
        assert differing.empty, f"{place}: {differing.head()}"
        assert other.digest == parquet.digest
        assert other.report == parquet.report


def test_tables_of_different_engines_join(
    case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", case_postgres)
    mixed = Sources.model_validate(
        {
            "orders": {"duckdb": "shop.duckdb", "table": "orders"},
            "events": {"file": "events.csv"},
            "customers": {"postgres": "SHOP_URL", "table": "shop.customers", "attributes": ATTRIBUTES},
            "subscriptions": {"file": "subscriptions.parquet"},
        }
    )
    by_name = vectors_of(case_folder, FeatureSettings(), file="{name}.parquet")
    assert build_vectors(mixed, FeatureSettings(), AS_OF, case_folder).digest == by_name.digest


def test_a_database_that_is_down_is_one_line_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", "postgresql://shop:secret-word@127.0.0.1:1/shop")
    sources = Sources.model_validate({"orders": {"postgres": "SHOP_URL", "table": "orders"}})
    with pytest.raises(SourceError, match="SHOP_URL names") as caught:
        build_vectors(sources, FeatureSettings(), AS_OF, tmp_path)
    assert "secret-word" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("hello", "that is no URL; write postgresql://USER:PASSWORD@HOST/DATABASE"),
        ("postgresql://shop:secret-word@127.0.0.1:1/shop", "nothing listens at its address; is it running?"),
        ("postgresql://shop:secret-word@nowhere.invalid/shop", "its host is not known; is the address right?"),
        (None, "it has no such user or database"),
    ],
)
def test_a_database_that_cannot_be_reached_says_why(
    url: str | None, reason: str, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", url or f"{postgres_url.rpartition('/')[0]}/secret-word")
    orders = Sources.model_validate({"orders": {"postgres": "SHOP_URL", "table": "orders"}})
    with pytest.raises(SourceError) as caught:
        build_vectors(orders, FeatureSettings(), AS_OF, tmp_path)
    assert str(caught.value) == f"orders: cannot connect to the PostgreSQL that SHOP_URL names: {reason}"


@pytest.mark.parametrize("url", [None, "", "postgresql://shop:secret-word@[broken"])
def test_a_url_that_is_absent_or_broken(url: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_URL", raising=False)
    if url is not None:
        monkeypatch.setenv("SHOP_URL", url)
    sources = Sources.model_validate({"orders": {"postgres": "SHOP_URL", "table": "orders"}})
    with pytest.raises(SourceError, match="SHOP_URL") as caught:
        build_vectors(sources, FeatureSettings(), AS_OF, tmp_path)
    assert "secret-word" not in str(caught.value)


def test_an_absent_table_in_each_database(
    case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", case_postgres)
    for place in ({"duckdb": "shop.duckdb"}, {"postgres": "SHOP_URL"}):
        sources = Sources.model_validate({"orders": {**place, "table": "nothing"}})
        with pytest.raises(SourceError, match="'nothing'"):
            build_vectors(sources, FeatureSettings(), AS_OF, case_folder)


def test_the_types_of_postgres_become_ours(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instants, exact numerics, enumerations and flags against the same rows as Parquet."""
    monkeypatch.setenv("SHOP_URL", postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE TYPE tier AS ENUM ('gold', 'tin')")
        connection.execute(
            "CREATE TABLE typed_orders (customer_id int, ordered_at timestamptz, amount numeric(12, 2), order_id uuid)"
        )
        connection.execute("CREATE TABLE typed_customers (customer_id numeric, tier tier, public boolean, since date)")
        connection.execute(
            "INSERT INTO typed_orders VALUES (1, '2024-06-30 21:59:59+00', 10.10, gen_random_uuid()),"
            "(1, '2024-03-30 23:30:00+00', 0.20, gen_random_uuid()), (2, '2024-06-30 22:00:00+00', 5, NULL),"
            "(3, '2024-06-29 22:00:00+00', 'NaN', NULL), (3, '2024-06-28 22:00:00+00', 7, NULL)"
        )
        connection.execute(
            "INSERT INTO typed_customers VALUES (1, 'gold', true, '2024-01-01'), (3, NULL, NULL, '2024-06-30')"
        )
    orders = pd.DataFrame(
        {
            "customer_id": [1, 1, 2, 3, 3],
            "ordered_at": pd.to_datetime(
                ["2024-06-30 21:59:59", "2024-03-30 23:30", "2024-06-30 22:00", "2024-06-29 22:00", "2024-06-28 22:00"],
                utc=True,
                format="ISO8601",
            ),
            "amount": [10.1, 0.2, 5, np.nan, 7],
        }
    )
    about = pd.DataFrame({"customer_id": [1, 3], "tier": ["gold", None], "public": [True, None]})
    orders.to_parquet(tmp_path / "orders.parquet")
    about.assign(since=[date(2024, 1, 1), date(2024, 6, 30)]).to_parquet(tmp_path / "customers.parquet")

    def built(orders: dict[str, str], customers: dict[str, str]) -> CustomerVectors:
        attributes = {"tier": {"kind": "category"}, "public": {"kind": "flag"}}
        about = {**customers, "columns": {"known_at": "since"}, "attributes": attributes}
        settings = FeatureSettings(time_zone="Europe/Berlin")
        return build_vectors(Sources.model_validate({"orders": orders, "customers": about}), settings, AS_OF, tmp_path)

    ours = built({"file": "orders.parquet"}, {"file": "customers.parquet"})
    theirs = built(
        {"postgres": "SHOP_URL", "table": "typed_orders"}, {"postgres": "SHOP_URL", "table": "typed_customers"}
    )
    # 21:59:59 in UTC is the last second of June in Berlin; 22:00 is July
    assert ours.frame.index.tolist() == ["1", "3"]
    assert ours.frame.recency_days.to_dict() == {"1": 1, "3": 2}
    assert ours.frame.loc["1", "tenure_days"] == 92  # 2024-03-31 in Berlin
    assert ours.frame.monetary_value.to_dict() == {"1": 10.3, "3": 7}
    assert theirs.frame.compare(ours.frame).empty
    assert theirs.digest == ours.digest


def test_a_table_that_is_absent_is_answered_with_those_that_are_not(
    case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", case_postgres)
    for place, near, listed in (
        ({"duckdb": "shop.duckdb", "table": "order"}, "'orders'", "There are customers, events, orders, subscriptions"),
        ({"postgres": "SHOP_URL", "table": "shop.order"}, "'shop.orders'", "shop.customers, shop.events, shop.orders"),
    ):
        with pytest.raises(SourceError) as caught:
            build_vectors(Sources.model_validate({"orders": place}), FeatureSettings(), AS_OF, case_folder)
        assert f"orders: there is no table {place['table']!r}. Did you mean {near}?" in str(caught.value)
        assert listed in str(caught.value)


def test_a_role_that_may_only_read_is_enough(
    case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SELECT on the tables and USAGE of their schema; not even temporary tables of its own."""
    with psycopg.connect(case_postgres, autocommit=True) as connection:
        connection.execute("CREATE ROLE analyst LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA shop TO analyst")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA shop TO analyst")
        connection.execute("REVOKE TEMPORARY ON DATABASE postgres FROM public")
        monkeypatch.setenv("SHOP_URL", case_postgres.replace("shop:secret-word", "analyst"))
        try:
            with (
                psycopg.connect(case_postgres.replace("shop:secret-word", "analyst")) as reader,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                reader.execute("CREATE TEMPORARY TABLE mine (id int)")
            read = vectors_of(case_folder, NETTED, postgres="SHOP_URL", table="shop.{name}")
            connection.execute("REVOKE SELECT ON shop.orders FROM analyst")
            with pytest.raises(SourceError, match="permission denied for table orders") as caught:
                vectors_of(case_folder, NETTED, postgres="SHOP_URL", table="shop.{name}")
        finally:
            connection.execute("GRANT TEMPORARY ON DATABASE postgres TO public")
            connection.execute("DROP OWNED BY analyst")
            connection.execute("DROP ROLE analyst")
    assert "\n" not in str(caught.value)
    assert read.digest == vectors_of(case_folder, NETTED, file="{name}.parquet").digest


def test_the_memory_of_the_embedded_engine_can_be_limited(case_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = vectors_of(case_folder, NETTED, file="{name}.parquet")
    monkeypatch.setenv("SEGMENTS_ENGINE_MEMORY", "300MB")
    assert vectors_of(case_folder, NETTED, file="{name}.parquet").digest == usual.digest
    monkeypatch.setenv("SEGMENTS_ENGINE_MEMORY", "a lot")
    with pytest.raises(SourceError, match="temporary folder with SEGMENTS_ENGINE_MEMORY=a lot: ") as caught:
        vectors_of(case_folder, NETTED, file="{name}.parquet")
    assert "\n" not in str(caught.value)
