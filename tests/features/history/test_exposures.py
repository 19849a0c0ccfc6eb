"""The table of experiments is read as others are, only where it is asked for, and makes no features."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features.as_of import AsOf
from features.customer_vector import build_vectors
from features.history.table_history import open_history
from features.settings import FeatureSettings, Sources
from features.sources import fetch
from segment_model.errors import SegmentsError, SettingsError
from training.settings import parse_settings

UNTIL = date(2026, 7, 1)
EXPOSURES = """client;test;group;seen
007;may;mail;03.05.2026 10:00
8;may;control;04.05.2026 11:00
9;;control;04.05.2026
;may;mail;05.05.2026
10;may;mail;01.07.2026
11;may;mail;
12;june;mail;05.06.2026
"""
SOURCE = {
    "file": "exposures.csv",
    "columns": {"customer_id": "client", "experiment": "test", "arm": "group", "exposed_at": "seen"},
    "date_format": "%d.%m.%Y %H:%M",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text("customer_id,ordered_at,amount\n7,2026-01-05,10\n8,2026-01-05,20\n")
    (tmp_path / "exposures.csv").write_text(EXPOSURES.replace("2026;", "2026 00:00;").replace("2026\n", "2026 00:00\n"))
    return tmp_path


def opened(folder: Path, source: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    sources = Sources.model_validate({"orders": {"file": "orders.csv"}, "experiments": source})
    settings = FeatureSettings.model_validate({"ids": {"leading_zeros": "strip"}})
    vectors = build_vectors(sources, settings, UNTIL, folder)
    assert vectors.frame.index.tolist() == ["7", "8"]
    assert "experiments" not in vectors.report
    until = AsOf.at(UNTIL, "UTC")
    with open_history(sources, settings, until, folder, vectors.learned) as plain:
        assert plain.exposures is None
    with open_history(sources, settings, until, folder, vectors.learned, with_exposures=True) as history:
        assert history.exposures is not None
        assert history.vectors(until).frame.equals(vectors.frame)
        assert history.dated == ("orders",)
        rows = fetch(history.exposures.order_by("exposed_at"), "exposures").to_pylist()
        return rows, dict(history.read["experiments"].counts)


def test_exposures_are_read_under_our_names_and_counted(folder: Path) -> None:
    rows, counts = opened(folder, SOURCE)
    assert {(str(row["customer_id"]), row["experiment"], row["arm"]) for row in rows} == {
        ("7", "may", "mail"),
        ("8", "may", "control"),
        ("9", None, "control"),
        ("12", "june", "mail"),
    }
    assert rows[-1]["exposed_at"].isoformat() == "2026-06-05T00:00:00"
    assert counts["rows"] == 7
    assert counts["without_customer"] == 1


def test_where_chooses_exposures(folder: Path) -> None:
    rows, _ = opened(folder, {**SOURCE, "where": "test = 'june'"})
    assert [str(row["customer_id"]) for row in rows] == ["12"]


def test_a_preset_or_a_missing_column_is_refused(folder: Path) -> None:
    with pytest.raises(SegmentsError, match="the preset shopify is for orders"):
        opened(folder, {**SOURCE, "preset": "shopify"})
    with pytest.raises(SegmentsError, match="experiments: missing arm"):
        opened(folder, {**SOURCE, "columns": {k: v for k, v in SOURCE["columns"].items() if k != "arm"}})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shares": {"may": {"control": 0.5, "mail": 0.4}}}, "the shares of may add up to 0.9"),
        ({"shares": {"may": {"control": 1.5}}}, "must be a number above 0 and below 1 (found 1.5)"),
        ({"control": ""}, "sources.experiments.control"),
        ({"minor_units": True}, "experiments has no money"),
    ],
)
def test_wrong_settings_are_refused(change: dict[str, Any], words: str) -> None:
    sources = {"orders": {"file": "orders.csv"}, "experiments": {"file": "e.csv", **change}}
    with pytest.raises(SettingsError) as refused:
        parse_settings({"as_of": "2026-07-01", "sources": sources})
    assert words in str(refused.value)


def test_experiments_alone_are_no_customers() -> None:
    with pytest.raises(SettingsError, match="at least one of orders, events"):
        parse_settings({"sources": {"experiments": {"file": "e.csv"}}})
