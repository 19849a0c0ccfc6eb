"""Customers to know a condition by: they meet it, and are typical of those who do."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.record import REPRESENTATIVES
from reporting.content.condition_examples import representatives
from reporting.content.typical_rows import TYPICAL_CUSTOMERS, typical_rows
from segment_model.contract import Column, Kind, VectorContract
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings


def test_examples_meet_the_condition_and_are_in_its_heart() -> None:
    generator = np.random.default_rng(3)
    group = np.arange(200) % 2
    frame = pd.DataFrame(
        {"orders": np.where(group, 90.0, 10.0) + generator.normal(0, 2, 200)}, index=[f"c{n}" for n in range(200)]
    )
    contract = VectorContract((Column("orders", Kind.NUMBER),))
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=2, starts=1),), force=True)
    model = discover(frame, contract, settings, {}).model
    met = pd.DataFrame({"high": group == 1, "nobody": False}, index=frame.index)
    table = representatives(model, frame.drop(index="c1"), met)
    assert tuple(table.columns) == REPRESENTATIVES
    assert set(table["condition"]) == {"high"}
    assert len(table) == TYPICAL_CUSTOMERS
    chosen = frame.loc[table["customer"], "orders"]
    high = frame["orders"][group == 1]
    assert (abs(chosen - high.median()) <= abs(high - high.median()).quantile(0.6)).all(), "about the nearer half"
    assert set(table["segment"]) == set(model.assign(frame.loc[["c3"]])["segment_id"])
    assert "c1" not in set(table["customer"]), "the model cannot read it"
    empty = representatives(model, frame, met[["nobody"]])
    assert (tuple(empty.columns), len(empty)) == (REPRESENTATIVES, 0)


def test_customers_who_are_alike_are_shown_once() -> None:
    points = np.zeros((5, 2))
    assert typical_rows(points, np.array([3, 4])) == [3]
    assert typical_rows(points, np.array([], dtype=np.intp)) == []
