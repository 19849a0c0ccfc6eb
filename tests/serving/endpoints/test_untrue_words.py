"""An explanation over HTTP says which words of the segment's name do not hold, as Python does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from segment_model.explanation.name_misfits import NAME_WORDS, Claim
from segments import SegmentLabel, SegmentModel
from serving.contracts.responses import AssignResponse, RecordsResponse

CLAIMS = {
    "s000": [Claim("frequent", "frequency", least=8.0), Claim("mostly retail (industry)", "industry", level="retail")],
    "s001": [Claim("now and then", "frequency", 2.0, 6.0), Claim("Süden 🌞", "region", level="south")],
    "s002": [Claim("lapsed", "recency_days", least=180.0), Claim("small", "employees", most=10.0)],
}


@pytest.fixture
def named(model: SegmentModel) -> SegmentModel:
    stored = {segment_id: [claim.to_json() for claim in claims] for segment_id, claims in CLAIMS.items()}
    return replace(model, provenance={NAME_WORDS: stored})


def test_http_and_python_name_the_same_words(
    named: SegmentModel, many_customers: list[dict[str, Any]], make_caller: Any
) -> None:
    call = make_caller(named)
    sent = [
        {**features, "region": ("north", "south", None)[n % 3], "employees": n % 21}
        for n, features in enumerate(many_customers[:120])
    ]
    customers = [{"id": f"C{n}", "features": features} for n, features in enumerate(sent)]
    reply = call.assign(customers, explain=True)
    AssignResponse.model_validate_json(reply.body)
    words: set[str] = set()
    for features, answer in zip(sent, reply.json["assignments"], strict=True):
        listed = answer["explanation"]["name_misfits"]
        _, why = named.explain_record(features)
        expected = why.name_misfits or ()
        assert [(own["word"], own["feature"], own["value"], own["claims"]) for own in listed] == [
            (own.word, own.column, features[own.column], own.claims) for own in expected
        ]
        assert all(own["unit"] == named.contract[own["feature"]].unit for own in listed)
        alone = call.assign_one(features, explain=True).json["assignments"][0]
        assert alone["explanation"]["name_misfits"] == listed
        words |= {own["word"] for own in listed}
        in_words = call.assign_one(features, words=True).json["assignments"][0]["explanation"]["name_misfits"]
        assert [own.pop("words") for own in in_words] == [own.words for own in expected]
        assert in_words == listed
    assert words == {claim.word for claims in CLAIMS.values() for claim in claims}
    contrast = json.dumps({"customers": customers, "against": "s002"}).encode()
    contrasted = call("POST", "/contrast", contrast).json["assignments"]
    listed = [own["explanation"]["name_misfits"] for own in contrasted]
    assert listed == [own["explanation"]["name_misfits"] for own in reply.json["assignments"]]


def test_the_number_of_one_customer(named: SegmentModel, good: dict[str, Any], make_caller: Any) -> None:
    call = make_caller(named)
    (lapsed,) = call.assign_one({**good, "frequency": 1, "monetary_value": 20, "recency_days": 150}, explain=True).json[
        "assignments"
    ]
    assert lapsed["explanation"]["toward"] == "s002"
    assert lapsed["explanation"]["name_misfits"] == [
        {"word": "lapsed", "feature": "recency_days", "value": 150, "unit": "days", "claims": "at least 180 days"}
    ]


def test_nothing_is_listed_where_it_is_not_asked_for_or_not_known(
    named: SegmentModel, good: dict[str, Any], make_caller: Any
) -> None:
    assert "explanation" not in make_caller(named).assign_one(good).json["assignments"][0]
    fits = make_caller(named).assign_one(good, explain=True).json["assignments"][0]["explanation"]
    assert fits["name_misfits"] == []
    older = replace(named, provenance={})
    renamed = named.with_overlay({"s000": SegmentLabel("Our darlings")})
    for unknown in (older, renamed):
        explanation = make_caller(unknown).assign_one(good, explain=True).json["assignments"][0]["explanation"]
        assert explanation == {name: part for name, part in fits.items() if name != "name_misfits"}


def test_raw_rows_are_explained_so_too(raw_model: SegmentModel, raw_rows: dict[str, Any], make_caller: Any) -> None:
    order = {"ordered_at": "2026-06-28T10:00:00", "order_id": "O1", "amount": 41.5}
    customer = {"id": "K", **raw_rows, "orders": [order]}
    asked = {"as_of": "2026-07-01", "customers": [customer], "explain": True}
    reply = make_caller(raw_model)("POST", "/assign_records", json.dumps(asked).encode())
    RecordsResponse.model_validate_json(reply.body)
    (answer,) = reply.json["assignments"]
    expected = raw_model.name_misfits(answer["features"], answer["explanation"]["toward"])
    assert expected is not None
    assert [own["word"] for own in answer["explanation"]["name_misfits"]] == [own.word for own in expected]
