"""Each analyst folder has valid settings beside the tables that they name, and columns that can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.everyday_tables import analyst_folders
from experiments.everyday_tables.analyst_folders import FOLDERS, money_history, write_folder
from features.customer_vector import build_vectors
from segment_model.errors import SourceError
from training.settings import read_settings


@pytest.mark.parametrize("name", FOLDERS)
def test_settings_and_tables_belong_together(name: str, needed: Callable[..., Any], tmp_path: Path) -> None:
    made = needed(FOLDERS[name](), f"{name} is absent: set SEGMENTS_DATA to the folder of test data")
    settings, _ = read_settings(made.write(tmp_path))
    sources = settings.sources
    read = [table for table in (sources.orders, sources.events, sources.customers, sources.subscriptions) if table]
    for source in [*read, *([sources.vectors] if sources.vectors else [])]:
        assert (tmp_path / source.file).exists()
        assert set(source.columns.values()) <= set(pd.read_parquet(tmp_path / source.file).columns)


def test_the_money_history_gives_vectors(tmp_path: Path) -> None:
    """Trials are no MRR: a customer with nothing but a trial has none."""
    made = money_history(200)
    settings, _ = read_settings(made.write(tmp_path))
    vectors = build_vectors(settings.sources, settings.features, settings.as_of, tmp_path).frame
    terms = made.tables["terms.parquet"]
    running = terms["ended_at"].isna() & ~terms["is_trial"]
    assert vectors["mrr"].sum() == pytest.approx(terms.loc[running, "mrr_usd"].sum())
    assert len(vectors) == 200


def test_an_absent_table_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyst_folders, "EXTERNAL", tmp_path)
    with pytest.raises(SourceError, match="ravenstack is not on this machine"):
        write_folder("ravenstack", tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []
