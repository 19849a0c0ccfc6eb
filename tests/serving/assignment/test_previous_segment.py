"""`previous_segment_id` in a request: which customers stay, what their rows say, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from segment_model.model import SegmentModel
from segment_model.scoring.hysteresis import MARGIN
from serving.contracts.requests import AssignedCustomer, AssignRequest, ContrastRequest
from serving.contracts.responses import AssignResponse


def test_the_published_margin_is_the_models() -> None:
    description = TypeAdapter(AssignedCustomer).json_schema()["properties"]["previous_segment_id"]["description"]
    assert description is not None
    assert f"below {MARGIN} " in description


def test_hysteresis_keeps_customers_on_a_border_and_changes_nothing_else(
    call: Any, model: SegmentModel, many_customers: Any
) -> None:
    plain = call.assign([{"id": f"C{n}", "features": features} for n, features in enumerate(many_customers)]).json[
        "assignments"
    ]
    customers = [
        {"id": f"C{n}", "features": features, "previous_segment_id": plain[n]["runner_up_id"]}
        for n, features in enumerate(many_customers)
    ]
    reply = call.assign(customers)
    AssignResponse.model_validate(reply.json)
    kept = 0
    for before, now in zip(plain, reply.json["assignments"], strict=True):
        assert now["previous_segment_id"] == before["runner_up_id"]
        stays = before["strength"] < MARGIN and not before["unassigned"]
        assert now["kept_by_hysteresis"] is stays
        kept += stays
        assert now["segment_id"] == (before["runner_up_id"] if stays else before["segment_id"])
        if stays:
            assert now["segment_name"] == model.names[model.position(now["segment_id"])]
        untouched = set(before) - {"segment_id", "segment_name"}
        assert {name: now[name] for name in untouched} == {name: before[name] for name in untouched}
    assert 0 < kept < len(plain)
    python = model.assign(many_customers, previous=[row["runner_up_id"] for row in plain])
    assert python["segment_id"].isna().tolist() == [row["segment_id"] is None for row in reply.json["assignments"]]
    assert python["kept_by_hysteresis"].tolist() == [row["kept_by_hysteresis"] for row in reply.json["assignments"]]


def test_only_customers_with_a_previous_segment_get_its_fields_and_explanations_stay(
    call: Any, model: SegmentModel, good: Any
) -> None:
    customers = [
        {"id": "A", "features": good},
        {"id": "B", "features": good, "previous_segment_id": None},
        {"id": "C", "features": good, "previous_segment_id": "seg-unheard"},
        {"id": "D", "features": good, "previous_segment_id": model.ids[0]},
    ]
    without, null, unheard, own = call.assign(customers, explain=True).json["assignments"]
    assert "kept_by_hysteresis" not in without
    assert {**null, "id": "A"} == without
    assert (unheard["kept_by_hysteresis"], unheard["previous_segment_id"]) == (False, None)
    assert (own["kept_by_hysteresis"], own["previous_segment_id"]) == (False, model.ids[0])
    assert own["explanation"] == without["explanation"]


def test_a_retired_previous_segment_stands_for_its_successor(make_caller: Any, kmeans: SegmentModel, good: Any) -> None:
    ties = [{"id": "s002", "of_old": 0.9, "of_new": 0.4, "customers": 90, "jaccard": 0.4}]
    lineage = {"gone": [{"id": "seg-old", "fate": "merged", "ties": ties}]}
    call = make_caller(replace(kmeans, provenance={"lineage": lineage}))
    reply = call.assign([{"id": "C1", "features": good, "previous_segment_id": "seg-old"}])
    assert reply.json["assignments"][0]["previous_segment_id"] == "s002"


@pytest.mark.parametrize("previous", ["", "x" * 257, 3, True, ["s000"], {}])
def test_a_previous_segment_that_is_no_id_is_refused(call_kmeans: Any, good: Any, previous: Any) -> None:
    customers = [{"id": "C1", "features": good, "previous_segment_id": previous}]
    reply = call_kmeans.assign(customers)
    assert (reply.status, reply.error["code"]) == (422, "invalid_request")
    assert reply.error["details"][0]["customer"] == "C1"
    assert "previous_segment_id" in reply.error["details"][0]["expected"]
    with pytest.raises(ValueError, match="previous_segment_id"):
        AssignRequest.model_validate({"customers": customers})


def test_a_contrast_has_no_previous_segment(call_kmeans: Any, good: Any) -> None:
    customers = [{"id": "C1", "features": good, "previous_segment_id": "s000"}]
    value = {"customers": customers, "against": "s001"}
    with pytest.raises(ValueError, match="previous_segment_id"):
        ContrastRequest.model_validate(value)
    reply = call_kmeans("POST", "/contrast", json.dumps(value).encode())
    assert reply.status == 422
    assert call_kmeans.assign([{"id": "C1", "features": good, "previous": "s000"}]).status == 422
