"""`POST /contrast` and `POST /what_would_change`: the model's own answers, and what is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segment_model.model import SegmentModel
from serving.contracts.requests import ChangeRequest, ContrastRequest, MapRequest
from serving.contracts.responses import AssignResponse, ChangeResponse
from serving.endpoints.customers.contrast import read_contrast
from serving.endpoints.customers.locate import read_locate
from serving.endpoints.customers.what_would_change import read_change

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def contrast(call: Any, customers: list[dict[str, Any]], against: Any, **more: Any) -> Any:
    sent = [{"id": f"C{i}", "features": features} for i, features in enumerate(customers)]
    return call("POST", "/contrast", json.dumps({"customers": sent, "against": against, **more}).encode())


def change(call: Any, features: Any, to: Any, changeable: Any, **more: Any) -> Any:
    body = {"customer": {"id": "C1", "features": features}, "to": to, "changeable": changeable, **more}
    return call("POST", "/what_would_change", json.dumps(body).encode())


@pytest.mark.parametrize("against", ["s000", "s001", "s002"])
def test_a_customer_is_explained_against_any_segment(
    call: Any, model: SegmentModel, many_customers: list[dict[str, Any]], against: str
) -> None:
    sent = many_customers[:60]
    reply = contrast(call, sent, against)
    AssignResponse.model_validate(reply.json)
    truth, why = model.explain_records(sent, against=against)
    for i, answer in enumerate(reply.json["assignments"]):
        explanation = answer["explanation"]
        nearest, runner_up = model.ids[truth.nearest[i]], model.ids[truth.runner_up[i]]
        assert (answer["id"], answer["nearest_id"], explanation["toward"]) == (f"C{i}", nearest, nearest)
        assert explanation["against"] == (runner_up if nearest == against else against)
        contributions = [c["contribution"] for c in explanation["contributions"]]
        assert contributions == why.contributions[i].tolist()
        assert explanation["base"] + sum(contributions) == pytest.approx(explanation["score"], abs=1e-9)


def test_the_words_of_a_contrast_compare_with_the_named_segment(call_kmeans: Any, good: dict[str, Any]) -> None:
    explanation = contrast(call_kmeans, [good], "s002", words=True).json["assignments"][0]["explanation"]
    assert explanation["contributions"][1]["words"] == (
        "frequency: 12 orders, where this segment typically has 12 and the other 1"
    )


def test_the_smallest_change_is_the_models_own_and_moves_the_customer(
    call: Any, model: SegmentModel, good: dict[str, Any]
) -> None:
    allowed = ["recency_days", "frequency", "monetary_value"]
    reply = change(call, good, "s001", allowed)
    response = ChangeResponse.model_validate(reply.json)
    truth = model.what_would_change(good, "s001", allowed)
    assert truth.reachable, "else there is nothing to compare"
    assert (response.id, response.segment_id, response.to, response.reachable) == ("C1", "s000", "s001", True)
    assert [(c.feature, c.before, c.after, c.words) for c in response.changes] == [
        (c.column, c.before, c.after, c.words) for c in truth.changes
    ]
    assert (response.distance, response.least_distance, response.exact) == (
        truth.distance,
        truth.least_distance,
        truth.exact,
    )
    assert {c.feature for c in response.changes} <= set(allowed)
    again = call.assign_one(response.features).json["assignments"][0]
    assert again["segment_id"] == "s001", "what it answers is what /assign takes, and is where it says"


def test_a_customer_already_in_the_segment_needs_no_change(call: Any, good: dict[str, Any]) -> None:
    response = ChangeResponse.model_validate(change(call, good, "s000", ["frequency"]).json)
    assert (response.reachable, response.changes, response.distance, response.segment_id) == (True, [], 0.0, "s000")


def test_an_unreachable_segment_is_answered_with_the_reason(call: Any, good: dict[str, Any]) -> None:
    response = ChangeResponse.model_validate(change(call, good, "s002", ["industry"]).json)
    assert (response.reachable, response.changes, response.distance, response.features) == (False, [], None, None)
    assert "industry" in response.reason


def test_an_unknown_segment_is_refused_with_the_known_ones(call: Any, good: dict[str, Any]) -> None:
    for reply in (contrast(call, [good], "s00"), change(call, good, "s00", ["frequency"])):
        (detail,) = reply.error["details"]
        assert (reply.status, reply.error["code"]) == (422, "unknown_segment")
        assert detail["got"] == "the text 's00'"
        assert re.fullmatch(
            r"one of s000 \('.*'\), s001 \('.*'\), s002 \('.*'\)\. Did you mean 's002'\?", detail["expected"]
        )


def test_a_name_is_answered_by_the_id_to_send(call: Any, model: SegmentModel, good: dict[str, Any]) -> None:
    for reply in (contrast(call, [good], model.names[1]), change(call, good, model.names[1], ["frequency"])):
        (detail,) = reply.error["details"]
        assert (reply.status, reply.error["code"]) == (422, "unknown_segment")
        assert detail["expected"].endswith(" That is the name of s001: send the id.")


@pytest.mark.parametrize("name", ["employees", "region", "frequncy", ""])
def test_only_basis_features_can_be_changeable(call_kmeans: Any, good: dict[str, Any], name: str) -> None:
    reply = change(call_kmeans, good, "s001", ["recency_days", name])
    (detail,) = reply.error["details"]
    assert (reply.status, reply.error["code"], detail["feature"]) == (422, "not_changeable", name)
    assert "recency_days, frequency, monetary_value, industry" in detail["expected"]


def test_values_are_judged_as_for_assign(call: Any, good: dict[str, Any]) -> None:
    for wrong in ({"recency_days": "5"}, {"frequency": -1}, {"industry": None}, {"employees": "many"}):
        bad = {**good, **wrong}
        (expected,) = call.assign_one(bad).error["details"]
        for reply in (change(call, bad, "s001", ["frequency"]), contrast(call, [bad], "s001")):
            (detail,) = reply.error["details"]
            assert (reply.status, reply.error["code"]) == (422, "invalid_features")
            assert {**detail, "customer": "C1"} == expected


SOMEONE = [{"id": "C1", "features": {}}]
SHAPES: dict[str, tuple[str, dict[str, Any], str]] = {
    "no segment to contrast with": ("/contrast", {"customers": SOMEONE}, "for 'against'"),
    "explain is no key of a contrast": (
        "/contrast",
        {"customers": SOMEONE, "against": "s1", "explain": True},
        "only the keys customers, against, words, policy",
    ),
    "a list": ("/what_would_change", {"customer": [], "to": "s001", "changeable": ["a"]}, "'id' and 'features'"),
    "no id": ("/what_would_change", {"customer": {"features": {}}, "to": "s", "changeable": ["a"]}, "for 'id'"),
    "no target": ("/what_would_change", {"customer": {"id": "C", "features": {}}, "changeable": ["a"]}, "for 'to'"),
    "nothing changeable": (
        "/what_would_change",
        {"customer": {"id": "C", "features": {}}, "to": "s001", "changeable": []},
        "at least one feature's name",
    ),
    "a number changeable": (
        "/what_would_change",
        {"customer": {"id": "C", "features": {}}, "to": "s001", "changeable": [5]},
        "at least one feature's name",
    ),
    "unknown key": ("/what_would_change", {"customers": []}, "mean 'customer'?"),
}


@pytest.mark.parametrize("case", SHAPES)
def test_a_request_of_another_shape_is_refused(call_kmeans: Any, case: str) -> None:
    path, body, text = SHAPES[case]
    reply = call_kmeans("POST", path, json.dumps(body).encode())
    assert (reply.status, reply.error["code"]) == (422, "invalid_request")
    assert text in json.dumps(reply.error, ensure_ascii=False)


@pytest.mark.parametrize("path", ["/assign", "/contrast", "/what_would_change", "/assign_records", "/locate"])
def test_every_body_that_is_no_object_is_refused_alike(call_kmeans: Any, path: str) -> None:
    """The refusal names the keys that the endpoint accepts."""
    for body, got in ((b"[]", "a list of 0"), (b'"customers"', "the text 'customers'"), (b"null", "null")):
        reply = call_kmeans("POST", path, body)
        (detail,) = reply.error["details"]
        assert (reply.status, reply.error["code"], detail["got"]) == (422, "invalid_request", got)
        assert reply.error["message"] == "the request is not as /docs describes it"
        assert detail["expected"].startswith("an object of the keys ")
        assert "customer" in detail["expected"]


names = st.sampled_from(["customers", "customer", "against", "to", "changeable", "words", "policy", "id", "features"])
plain = st.none() | st.booleans() | st.integers() | st.floats() | names
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5), max_leaves=20
)
someone = st.fixed_dictionaries({"id": names | plain, "features": st.just({"frequency": 1})}) | anything
someone_before = st.fixed_dictionaries(
    {"id": names, "features": st.just({"frequency": 1}), "previous_segment_id": names}
)
contrasts = st.fixed_dictionaries(
    {"customers": st.lists(someone, max_size=3)}, optional={"against": names | plain, "words": st.booleans()}
)
places = st.fixed_dictionaries({"customers": st.lists(someone | someone_before, max_size=3)})
changes = st.fixed_dictionaries(
    {"customer": someone, "to": names | plain}, optional={"changeable": st.lists(names | plain, max_size=3)}
)


@quick
@given(value=contrasts | changes | places | anything)
def test_the_published_models_and_the_readers_give_the_same_verdict(verdicts: Any, value: Any) -> None:
    read, allowed = verdicts(read_contrast, ContrastRequest, value)
    assert read == allowed
    read, allowed = verdicts(read_change, ChangeRequest, value)
    assert read == allowed
    read, allowed = verdicts(read_locate, MapRequest, value)
    assert read == allowed


@quick
@given(value=contrasts | changes | anything, path=st.sampled_from(["/contrast", "/what_would_change"]))
def test_any_json_is_answered(call_kmeans: Any, value: Any, path: str) -> None:
    reply = call_kmeans("POST", path, json.dumps(value).encode())
    assert reply.status in {200, 400, 422}
    assert reply.status == 200 or reply.error["message"]
