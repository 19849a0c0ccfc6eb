"""A model of a user's own vectors is asked with their columns, under the kinds that its training inferred."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.vector_table import CustomerVectors
from jobs.customer_vectors import vectors_of
from jobs.run_content.provenance import provenance
from segment_model.model import SegmentModel
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings, Settings, parse_settings


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, CustomerVectors]:
    folder, random = tmp_path_factory.mktemp("own"), np.random.default_rng(2)
    large = random.random(120) < 0.5
    table = pd.DataFrame(
        {
            "client": [f"K{n:03d}" for n in range(120)],
            "Monthly bill": np.where(large, random.normal(90, 5, 120), random.normal(20, 5, 120)).round(2),
            "tenure": np.where(large, random.integers(40, 60, 120), random.integers(0, 9, 120)),
            "Churn": np.where(random.random(120) < 0.3, "Yes", "No"),
            "contract": ["monthly"] * 70 + ["yearly"] * 39 + [None] * 10 + ["odd"],
        }
    )
    table.to_csv(folder / "own.csv", index=False)
    parsed = parse_settings({"sources": {"vectors": {"file": "own.csv", "columns": {"customer_id": "client"}}}})
    return parsed, vectors_of(parsed, folder)


@pytest.fixture(scope="module")
def discovered(chosen: tuple[Settings, CustomerVectors], tmp_path_factory: pytest.TempPathFactory) -> SegmentModel:
    parsed, vectors = chosen
    tried = DiscoverySettings(algorithms=(KMeansSettings(segments=2),), force=True)
    path: Path = tmp_path_factory.mktemp("model") / "own"
    discover(vectors.frame, vectors.contract, tried, provenance(parsed, vectors)).model.save(path)
    return SegmentModel.load(path)


@pytest.fixture(scope="module")
def ask(discovered: SegmentModel, make_caller: Any) -> Callable[[list[Any]], Any]:
    caller = make_caller(discovered)

    def records(customers: list[Any]) -> Any:
        body = {"as_of": "2026-07-01", "customers": customers}
        return caller("POST", "/assign_records", json.dumps(body).encode())

    return records


def test_own_vectors_get_the_answer_of_the_batch(
    ask: Any, chosen: tuple[Settings, CustomerVectors], discovered: SegmentModel
) -> None:
    frame = chosen[1].frame
    assert "as_of" not in discovered.provenance
    customers = [
        {"id": name, "vectors": {**row, "Churn": row["Churn"] == 1}} for name, row in frame.head(30).T.to_dict().items()
    ]
    reply = ask(customers)
    assert reply.status == 200, reply.json
    batch = discovered.assign(frame)
    assert [row["segment_id"] for row in reply.json["assignments"]] == batch.segment_id.head(30).tolist()
    assert [row["features"] for row in reply.json["assignments"]] == frame.head(30).to_dict("records")
    assert reply.json["assignments"][0]["features"]["Churn"] in (0, 1)
    assert reply.json["rows"]["vectors"]["rows"] == 30


def test_a_column_left_out_is_missing_and_another_is_refused(ask: Any) -> None:
    known = {"Monthly_bill": 21.5, "tenure": 3, "Churn": False}
    (unknown,) = ask([{"id": "K", "vectors": known}]).json["assignments"]
    assert unknown["features"] == {"Monthly_bill": 21.5, "tenure": 3, "Churn": 0, "contract": None}
    (unseen,) = ask([{"id": "K", "vectors": {**known, "contract": "weekly"}}]).json["assignments"]
    assert (unseen["features"]["contract"], list(unseen["unseen"])) == ("weekly", ["contract"])
    for vectors, feature in (
        ({**known, "tenur": 3}, "vectors.tenur"),
        ({**known, "tenure": "three"}, "vectors.tenure"),
        ({**known, "tenure": None}, "tenure"),  # no training customer's was missing
    ):
        reply = ask([{"id": "K", "vectors": vectors}])
        assert (reply.status, reply.json["error"]["details"][0]["feature"]) == (422, feature)
    assert ask([{"id": "K", "orders": [{"ordered_at": "2026-01-01"}]}]).status == 422
    assert ask([{"id": "K"}]).json["error"]["code"] == "no_usable_rows"
