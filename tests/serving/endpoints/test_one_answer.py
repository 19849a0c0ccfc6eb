"""A customer gets one answer on every path: `segments assign`, `SegmentModel.assign`, /assign and /assign_records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.vector_file import write_vectors
from jobs import score
from jobs.customer_vectors import learned_by, vectors_of
from jobs.run_content.provenance import provenance
from segment_model.model import SegmentModel
from tests.registries import registry_in
from training.discovery.discovery import discover
from training.settings import Settings, parse_settings

AS_OF = date(2026, 7, 1)
RARE = [f"Village {number}" for number in range(20)]
CITIES = ["Rome"] * 150 + ["Oslo"] * 130 + RARE


def write_tables(folder: Path, cities: Sequence[str | None]) -> Settings:
    """One customer a city, whose orders depend on their place in the list alone."""
    generator = np.random.default_rng(3)
    orders = [
        {
            "customer_id": number,
            "ordered_at": datetime(2026, 6, 30) - timedelta(days=30 * order + number % 7),
            "amount": float(10 + number % 13 + round(generator.random(), 2)),
        }
        for number in range(len(cities))
        for order in range(1 + number % 5)
    ]
    folder.mkdir(exist_ok=True)
    pd.DataFrame(orders).to_parquet(folder / "orders.parquet")
    about = pd.DataFrame({"customer_id": range(len(cities)), "city": cities, "shop": "web"})
    about.to_parquet(folder / "customers.parquet")
    attributes = {name: {"kind": "category", "role": "basis"} for name in ("city", "shop")}
    return parse_settings(
        {
            "as_of": AS_OF,
            "sources": {
                "orders": {"file": "orders.parquet"},
                "customers": {"file": "customers.parquet", "attributes": attributes},
            },
            "discovery": {"algorithms": [{"algorithm": "kmeans", "segments": 3}], "force": True},
        }
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SegmentModel:
    folder = tmp_path_factory.mktemp("shop")
    settings = write_tables(folder, CITIES)
    vectors = vectors_of(settings, folder)
    return discover(vectors.frame, vectors.contract, settings.discovery, provenance(settings, vectors)).model


@dataclass(frozen=True)
class Fetched:
    """A model as the registry would give it."""

    model: SegmentModel
    version: str = "1"


def test_the_model_keeps_the_names_of_rare_levels_and_drops_what_shapes_nothing(model: SegmentModel) -> None:
    (city,) = model.encoder.categories
    assert (city.levels, set(city.rare)) == (("Oslo", "Rome"), set(RARE))
    assert [column.name for column in model.contract.basis] == ["recency_days", "frequency", "monetary_value", "city"]
    assert model.provenance["learned_features"]["categories"] == {}


def test_usual_pooled_and_unseen_levels_on_all_four_paths(
    model: SegmentModel, make_caller: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cities = ["Rome", "Village 3", "Ulm", "other", "(other)", "Oslo"]
    settings = write_tables(tmp_path, cities)
    vectors = vectors_of(settings, tmp_path, learned_by(model))
    assert vectors.frame.city.tolist() == cities
    write_vectors(vectors, tmp_path / "vectors.parquet")
    monkeypatch.setattr(score, "fetch", lambda *_: Fetched(model))
    registry, file = registry_in(tmp_path), tmp_path / "vectors.parquet"
    with score.scoring_of(registry, "champion", file, "unassigned", explained=True) as scoring:
        (by_command,) = scoring.tables(score.ScoredCustomers())
    by_model = model.assign(vectors.frame)
    caller = make_caller(model)
    features = [
        {name: None if cell != cell else cell for name, cell in row.items()} for row in vectors.frame.to_dict("records")
    ]
    ids = list(vectors.frame.index)
    sent = [{"id": name, "features": row} for name, row in zip(ids, features, strict=True)]
    by_assign = caller("POST", "/assign", json.dumps({"customers": sent}).encode()).json["assignments"]
    raw = [
        {"id": name, "orders": rows_of(tmp_path, name), "attributes": {"city": city, "shop": "web"}}
        for name, city in zip(ids, cities, strict=True)
    ]
    body = json.dumps({"as_of": str(AS_OF), "customers": raw}).encode()
    by_records = caller("POST", "/assign_records", body).json["assignments"]
    alone = [
        caller("POST", "/assign_records", json.dumps({"as_of": str(AS_OF), "customers": [row]}).encode()).json[
            "assignments"
        ][0]
        for row in raw
    ]
    assert [row["features"] for row in by_records] == features
    for answers in (by_assign, by_records, alone):
        assert [row["unseen"] for row in answers] == [[], [], ["city"], ["city"], ["city"], []]
        assert [row["strength"] for row in answers] == by_model.strength.tolist() == by_command.strength.tolist()
        assert [row["segment_id"] for row in answers] == by_model.segment_id.tolist() == by_command.segment_id.tolist()
    assert by_command.index.tolist() == list(range(6)), "ids are whole numbers in the tables, and in the answer"


def rows_of(folder: Path, customer: str) -> list[dict[str, Any]]:
    orders = pd.read_parquet(folder / "orders.parquet")
    own = orders[orders.customer_id == int(customer)].drop(columns="customer_id")
    return [{**row, "ordered_at": row["ordered_at"].isoformat()} for row in own.to_dict("records")]


def test_a_pooled_and_an_unseen_level_are_encoded_alike(model: SegmentModel) -> None:
    record = {"recency_days": 5.0, "frequency": 2.0, "monetary_value": 30.0}
    pooled, unseen = (model.assign_record({**record, "city": city}) for city in ("Village 3", "Ulm"))
    assert (pooled.strength, pooled.segment_id) == (unseen.strength, unseen.segment_id)
    assert (pooled.unseen, unseen.unseen) == ((), ("city",))


def test_the_service_does_not_ask_for_what_shapes_nothing(model: SegmentModel, make_caller: Any) -> None:
    caller = make_caller(model)
    by_name = {feature["name"]: feature for feature in caller("GET", "/model").json["features"]}
    assert (by_name["shop"]["required"], by_name["shop"]["role"]) == (False, "descriptor")
    assert by_name["city"]["required"]
    features = {"recency_days": 5, "frequency": 2, "monetary_value": 30.5, "city": "Rome"}
    body = json.dumps({"customers": [{"id": "a", "features": features}]}).encode()
    assert caller("POST", "/assign", body).status == 200
