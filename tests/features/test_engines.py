"""One case table, four ways to store it: the same vectors to the bit."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features.customer_vector import CustomerVectors, build_vectors
from features.settings import FeatureSettings, Sources
from segments.errors import SourceError

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
        return {**filled, "attributes": ATTRIBUTES} if name == "customers" else filled

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
    one = vectors_of(case_folder, FeatureSettings(), file="{name}.parquet")
    assert build_vectors(mixed, FeatureSettings(), AS_OF, case_folder).digest == one.digest


def test_a_database_that_is_down_is_one_line_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", "postgresql://shop:secret-word@127.0.0.1:1/shop")
    sources = Sources.model_validate({"orders": {"postgres": "SHOP_URL", "table": "orders"}})
    with pytest.raises(SourceError, match="SHOP_URL names") as caught:
        build_vectors(sources, FeatureSettings(), AS_OF, tmp_path)
    assert "secret-word" not in str(caught.value)
    assert "\n" not in str(caught.value)


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
