"""Who meets a condition: counts, shares and money are those of pandas; ids have the type of the tables."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from features.conditions.on_vectors.ready_made import READY_MADE
from jobs.conditions.listing import list_conditions
from jobs.conditions.selection import Selection, select
from jobs.customer_vectors import vectors_of
from jobs.run_content.provenance import provenance
from segment_model.errors import SettingsError
from training.discovery.discovery import discover
from training.settings import Settings, parse_settings


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    generator = np.random.default_rng(5)
    group = np.arange(120) % 3 == 0
    return pd.DataFrame(
        {
            "customer_id": np.arange(1000, 1120),
            "visits": np.where(group, 60.0, 3.0) + generator.poisson(2, 120),
            "spent": generator.integers(1, 50, 120).astype(float),
            "city": np.where(np.arange(120) % 7 == 0, None, np.where(np.arange(120) % 2, "Köln", "Bonn")),
        }
    )


@pytest.fixture(scope="module")
def folder(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("selection")
    table.to_parquet(folder / "customers.parquet", index=False)
    return folder


@pytest.fixture(scope="module")
def settings() -> Settings:
    attributes = {
        "visits": {"kind": "count", "role": "basis"},
        "spent": {"kind": "number", "unit": "EUR"},
        "city": {"kind": "category"},
    }
    return parse_settings(
        {
            "as_of": "2026-06-01",
            "sources": {"customers": {"file": "customers.parquet", "attributes": attributes}},
            "conditions": {"from_cologne": "city = 'Köln'"},
            "discovery": {"algorithms": [{"algorithm": "kmeans", "segments": 2, "starts": 1}], "force": True},
        }
    )


@pytest.fixture
def selected(settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Selection:
    vectors = vectors_of(settings, folder)
    model = discover(vectors.frame, vectors.contract, settings.discovery, provenance(settings, vectors)).model
    monkeypatch.setattr("jobs.conditions.selection.fetch", lambda *_: SimpleNamespace(model=model, version="4"))
    return select(settings, folder, "champion", "visits >= 4 and not city = 'Bonn'")


def test_customers_counts_and_money_are_those_of_the_table(
    selected: Selection, table: pd.DataFrame, settings: Settings, folder: Path
) -> None:
    expected = table[(table["visits"] >= 4) & (table["city"] == "Köln")]
    assert 0 < len(expected) < 60
    assert selected.customers.index.tolist() == expected["customer_id"].tolist(), "whole numbers, as in the table"
    assert selected.customers.index.dtype.kind == "i"
    assert selected.customers["spent"].tolist() == expected["spent"].tolist()
    assert selected.customers["visits"].tolist() == expected["visits"].tolist()
    assert set(selected.customers.columns) == {"segment_id", "segment_name", "spent", "visits", "city"}
    assert (selected.of, selected.version, selected.text) == (120, "4", "visits >= 4 and not city = 'Bonn'")
    high = expected["visits"] > 30
    rows = selected.by_segment.set_index("n")
    for n, own in ((40, expected[high]), (80, expected[~high])):
        row = rows.loc[n]
        assert row["customers"] == len(own)
        assert row["spent"] == pytest.approx(own["spent"].sum())
        interval = binomtest(len(own), n).proportion_ci(method="wilson")
        assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    by_name = select(settings, folder, "champion", "from_cologne")
    assert len(by_name.customers) == int((table["city"] == "Köln").sum())
    nobody = select(settings, folder, "champion", "visits > 1e6")
    assert (len(nobody.customers), nobody.by_segment["customers"].sum()) == (0, 0)
    with pytest.raises(SettingsError, match="Did you mean 'visits'"):
        select(settings, folder, "champion", "visit > 1")


def test_the_list_has_those_of_the_settings_and_says_what_others_need(settings: Settings, folder: Path) -> None:
    listed = list_conditions(settings, folder)
    (own,) = listed.usable
    assert (own.name, own.text, own.customers, own.is_set) == ("from_cologne", "city = 'Köln'", 51, True)
    assert listed.off["power"] == "needs the columns active_days_30"
    assert set(listed.off) >= {entry.name for entry in READY_MADE}
