"""Tables that are opened once have the vectors of every earlier moment, on every engine, and dated rows."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.as_of import AsOf
from features.customer_vector import build_vectors
from features.history.table_history import open_history
from features.settings import FeatureSettings, Sources
from features.sources import fetch

UNTIL = AsOf.at(date(2024, 7, 10), "UTC")
MOMENTS = (date(2024, 1, 1), date(2024, 1, 2), date(2024, 3, 1), date(2024, 7, 1))
ATTRIBUTES = {"industry": {"kind": "category"}, "employees": {"kind": "count"}, "is_public": {"kind": "flag"}}
TABLES = ("orders", "events", "customers", "subscriptions")
NETTED = FeatureSettings.model_validate({"rfm": {"refunds": "netted", "window_days": 60}, "usage": {"window_days": 45}})
PLACES = (
    {"file": "{name}.parquet"},
    {"file": "{name}.csv"},
    {"duckdb": "shop.duckdb", "table": "{name}"},
    {"postgres": "SHOP_URL", "table": "shop.{name}"},
)


def sources_in(place: dict[str, str], **more: Any) -> Sources:
    tables: dict[str, Any] = {
        name: {key: text.format(name=name) for key, text in place.items()} | more.get(name, {}) for name in TABLES
    }
    tables["customers"]["attributes"] = ATTRIBUTES
    return Sources.model_validate(tables)


@pytest.mark.parametrize("place", PLACES, ids=["parquet", "csv", "duckdb", "postgres"])
def test_the_vectors_of_each_moment_are_those_of_a_build_of_its_own(
    place: dict[str, str], case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", case_postgres)
    learned = build_vectors(sources_in(PLACES[0]), NETTED, date(2024, 7, 1), case_folder).learned
    with open_history(sources_in(place), NETTED, UNTIL, case_folder, learned) as history:
        for day in MOMENTS[1:]:
            alone = build_vectors(sources_in(PLACES[0]), NETTED, day, case_folder, learned)
            at_once = history.vectors(AsOf.at(day, "UTC"))
            pd.testing.assert_frame_equal(at_once.frame, alone.frame)
            assert at_once.contract == alone.contract
        assert history.vectors(AsOf.at(MOMENTS[0], "UTC")).frame.empty, "nothing happened before the first day"
        assert set(history.oldest) == {"orders", "events", "subscriptions"}


def test_days_are_the_business_s_in_any_zone(tmp_path: Path) -> None:
    """In Berlin 23:30 of 30 June by UTC is July already."""
    moments = pd.to_datetime(["2024-06-30T21:59:59Z", "2024-06-30T22:00:00Z", "2024-07-02T00:00:00Z"])
    pd.DataFrame({"customer_id": ["a", "b", "c"], "ordered_at": moments, "amount": 1.0}).to_parquet(
        tmp_path / "o.parquet"
    )
    sources = Sources.model_validate({"orders": {"file": "o.parquet"}})
    settings = FeatureSettings(time_zone="Europe/Berlin")
    learned = build_vectors(sources, settings, date(2024, 7, 3), tmp_path).learned
    until = AsOf.at(date(2024, 7, 3), "Europe/Berlin")
    with open_history(sources, settings, until, tmp_path, learned) as history:
        july = history.vectors(AsOf.at(date(2024, 7, 1), "Europe/Berlin")).frame
        assert list(july.index) == ["a"]
        rows = fetch(history.rows("orders", AsOf.at(date(2024, 7, 1), "Europe/Berlin")), "orders").to_pylist()
        assert [row["ordered_at"] for row in rows] == [datetime(2024, 6, 30, 23, 59, 59)]


def test_an_end_that_is_not_known_yet_is_none(tmp_path: Path) -> None:
    terms = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d", "e"],
            "started_at": pd.to_datetime(["2024-01-01"] * 4 + ["2024-05-01"]),
            "ended_at": pd.to_datetime(["2024-04-30", "2024-05-01", "2024-06-01", None, None]),
            "mrr": [1.00005, 2.5, None, 4.0, 5.0],
            "trial": [None, True, False, None, None],
        }
    ).astype({"trial": "boolean"})
    terms.to_parquet(tmp_path / "terms.parquet")
    sources = Sources.model_validate({"subscriptions": {"file": "terms.parquet"}})
    learned = build_vectors(sources, FeatureSettings(), date(2024, 6, 1), tmp_path).learned
    until = AsOf.at(date(2024, 6, 1), "UTC")
    with open_history(sources, FeatureSettings(), until, tmp_path, learned) as history:
        rows = fetch(history.rows("subscriptions", AsOf.at(date(2024, 5, 1), "UTC")), "terms").to_pandas()
    rows = rows.set_index("customer_id").sort_index()
    assert list(rows.index) == ["a", "b", "c", "d"], "e starts at the moment, which is not before it"
    assert rows.ended_at.notna().to_dict() == {"a": True, "b": False, "c": False, "d": False}
    assert rows.cents.to_dict() == {"a": 10_000 + 1, "b": 0, "c": 0, "d": 40_000}, "a trial has no money"
    assert rows.is_trial.to_dict() == {"a": False, "b": True, "c": False, "d": False}


def test_refunds_that_are_netted_lower_the_money_and_are_no_purchase(case_folder: Path) -> None:
    sources = sources_in(PLACES[0])
    learned = build_vectors(sources, NETTED, date(2024, 7, 1), case_folder).learned
    with open_history(sources, NETTED, UNTIL, case_folder, learned) as history:
        rows = fetch(history.rows("orders", AsOf.at(date(2024, 4, 1), "UTC")), "orders").to_pandas()
    orders = pd.read_parquet(case_folder / "orders.parquet").dropna(subset="customer_id")
    orders = orders[orders.ordered_at < "2024-04-01"]
    assert rows.cents.sum() == (orders.amount * 10_000).round().sum()
    assert rows.is_purchase.sum() == (orders.amount >= 0).sum()
    assert set(rows.columns) == {"customer_id", "ordered_at", "order_id", "cents", "is_purchase"}
