"""Whatever comes in, what goes out is strict JSON and never a failure of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.contracts.errors import ErrorResponse
from serving.contracts.requests import AssignRequest
from serving.contracts.responses import AssignResponse
from serving.endpoints.customers.assign import read_assign

# hypothesis meets the session's fixtures only to read them
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

NAMES = [
    "customers",
    "explain",
    "words",
    "policy",
    "id",
    "features",
    "previous_segment_id",
    "recency_days",
    "frequency",
    "monetary_value",
    "industry",
]
GOOD = {"recency_days": 3, "frequency": 12, "monetary_value": 410.5, "industry": "retail"}
words = st.sampled_from([*NAMES, "unassigned", "nearest", "C1", "retail", ""]) | st.text(max_size=8)
plain = st.none() | st.booleans() | st.integers() | st.floats() | words
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5), max_leaves=20
)
features = st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, plain)) | st.just(GOOD)
customer = st.fixed_dictionaries(
    {"id": words, "features": features}, optional={"previous_segment_id": st.none() | words | plain}
)
near = st.fixed_dictionaries(
    {"customers": st.lists(customer | anything, max_size=4)},
    optional={"explain": st.booleans() | plain, "words": st.booleans() | plain, "policy": words},
)


def check(reply: Any) -> None:
    assert reply.status in {200, 400, 422}
    if reply.status == 200:
        AssignResponse.model_validate(reply.json)
    else:
        ErrorResponse.model_validate(reply.json)


@quick
@given(value=anything | near)
def test_any_json_is_answered(call: Any, value: Any) -> None:
    check(call("POST", "/assign", json.dumps(value).encode()))


@quick
@given(body=st.binary(max_size=200))
def test_any_bytes_are_answered(call_kmeans: Any, body: bytes) -> None:
    check(call_kmeans("POST", "/assign", body))


@quick
@given(place=st.integers(0, 160), put=st.binary(max_size=3), cut=st.integers(0, 3))
def test_a_damaged_body_is_answered(call_kmeans: Any, place: int, put: bytes, cut: int) -> None:
    body = json.dumps({"customers": [{"id": "C1", "features": GOOD}], "explain": True}).encode()
    check(call_kmeans("POST", "/assign", body[:place] + put + body[place + cut :]))


@quick
@given(
    values=st.fixed_dictionaries({name: st.floats(allow_nan=False, allow_infinity=False) for name in list(GOOD)[:3]})
)
def test_any_finite_numbers_get_an_answer_or_a_named_refusal(call: Any, values: dict[str, float]) -> None:
    reply = call.assign_one({**values, "industry": "retail"}, explain=True)
    check(reply)
    if reply.status == 422:
        assert values["frequency"] < 0, "only a negative count is out of its kind's range"
        assert {d["feature"] for d in reply.error["details"]} == {"frequency"}


@quick
@given(value=near | anything)
def test_the_published_model_and_the_reader_give_the_same_verdict(verdicts: Any, value: Any) -> None:
    read, allowed = verdicts(read_assign, AssignRequest, value)
    assert read == allowed


@pytest.mark.parametrize("method", ["GET", "PUT", "TRACE", "BREW"])
@quick
@given(path=st.text(max_size=30))
def test_any_path_is_answered(call_kmeans: Any, method: str, path: str) -> None:
    reply = call_kmeans(method, f"/{path}")
    assert reply.status in {200, 307, 404, 405}
    assert reply.status in {200, 307} or reply.error["message"]
