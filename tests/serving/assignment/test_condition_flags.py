"""Flags of an answer: the conditions stored with the model, on the features that were sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from segment_model.model import SegmentModel
from serving.assignment.answer import assign_customers
from serving.assignment.request import AssignmentRequest
from serving.contracts.requests import MOST_CONDITIONS
from serving.contracts.responses import AssignResponse
from serving.endpoints.customers.assign import read_assign
from serving.endpoints.served_model.model import describe_model
from serving.model.served_model import MOST_LISTS, ServedModel
from serving.wire.refusals import Refusal
from serving.wire.strict_json import dump

GOOD: dict[str, Any] = {"recency_days": 3, "frequency": 12, "monetary_value": 410.5, "industry": "retail"}
TEXTS = {
    "lapsed": "recency_days >= 30",
    "poor": "not monetary_value >= 100",
    "large": "employees >= 100 and region in ('north', 'west')",
}


@pytest.fixture(scope="module")
def served(kmeans: SegmentModel) -> ServedModel:
    model = replace(kmeans, provenance={**kmeans.provenance, "conditions": TEXTS})
    return ServedModel(model, "segments", "1", "test")


def flags(served: ServedModel, asked: list[str], *customers: dict[str, Any]) -> list[dict[str, bool]]:
    body = {
        "customers": [{"id": f"C{n}", "features": {**GOOD, **own}} for n, own in enumerate(customers)],
        "conditions": asked,
    }
    content = assign_customers(served, read_assign(body))
    AssignResponse.model_validate_json(dump(content))
    return [row["conditions"] for row in content["assignments"]]


def test_each_answer_says_which_conditions_the_customer_meets(served: ServedModel) -> None:
    assert flags(served, ["lapsed", "poor"], {}, {"recency_days": 30, "monetary_value": 5}) == [
        {"lapsed": False, "poor": False},
        {"lapsed": True, "poor": True},
    ]


def test_a_missing_value_meets_nothing(served: ServedModel) -> None:
    assert flags(served, ["poor"], {"monetary_value": None}) == [{"poor": False}]
    assert flags(served, ["large"], {"employees": None, "region": "north"}) == [{"large": False}]


def test_descriptors_are_read_where_a_condition_reads_them(served: ServedModel) -> None:
    assert flags(served, ["large"], {"employees": 100, "region": "west"}, {"employees": 99, "region": "west"}) == [
        {"large": True},
        {"large": False},
    ]


def test_a_feature_that_a_condition_reads_must_be_sent(served: ServedModel) -> None:
    with pytest.raises(Refusal) as refusal:
        flags(served, ["lapsed", "large"], {"employees": 5, "region": None}, {"region": "north"})
    assert (refusal.value.status, refusal.value.code) == (422, "invalid_features")
    (detail,) = refusal.value.details
    assert (detail.customer, detail.feature, detail.got) == ("C1", "employees", "nothing")
    assert detail.expected == "a finite number of at least 0 (people) or null, which the condition large reads"


def test_names_are_answered_in_the_order_asked_and_each_once(served: ServedModel) -> None:
    assert [*flags(served, ["poor", "lapsed", "poor"], {})[0].items()] == [("poor", False), ("lapsed", False)]
    assert [*flags(served, ["lapsed", "poor"], {})[0].items()] == [("lapsed", False), ("poor", False)]


def test_a_list_of_names_is_looked_up_once_while_callers_send_few(served: ServedModel) -> None:
    asked = ("lapsed", "poor")
    first = served.asked_conditions(asked)
    assert first.columns == {"recency_days", "monetary_value"}
    assert served.asked_conditions(("poor", "lapsed")) is not first
    assert served.asked_conditions(asked) is first
    for length in range(1, MOST_LISTS + 1):
        served.asked_conditions(("large",) * length)
    assert served.asked_conditions(asked) is not first


def test_an_unknown_condition_is_refused_with_those_that_the_model_has(served: ServedModel) -> None:
    with pytest.raises(Refusal) as refusal:
        flags(served, ["laped", "poor"], {})
    assert (refusal.value.status, refusal.value.code) == (422, "unknown_condition")
    (detail,) = refusal.value.details
    assert detail.got == "the text 'laped'"
    assert detail.expected == "one of lapsed, poor, large. Did you mean 'lapsed'?"
    with pytest.raises(Refusal, match="no condition 'laped'"):  # nothing is kept of names that do not exist
        flags(served, ["poor", "laped", "richer"], {})


def test_a_model_without_conditions_says_so_and_answers_as_before(kmeans: SegmentModel) -> None:
    plain = ServedModel(kmeans, "segments", "1", "test")
    request = AssignmentRequest(["C1"], [GOOD], False, False, "unassigned")
    assert "conditions" not in assign_customers(plain, request)["assignments"][0]
    with pytest.raises(Refusal) as refusal:
        flags(plain, ["lapsed"], {})
    assert refusal.value.details[0].expected == "none: the model has no conditions"
    assert describe_model(plain)["conditions"] == {}


def test_the_model_lists_its_conditions(served: ServedModel) -> None:
    assert describe_model(served)["conditions"] == TEXTS


@pytest.mark.parametrize("wrong", ["lapsed", [5], None, {"lapsed": True}, ["a"] * (MOST_CONDITIONS + 1)])
def test_something_else_than_names_is_refused(wrong: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        read_assign({"customers": [{"id": "C1", "features": GOOD}], "conditions": wrong})
    assert refusal.value.code == "invalid_request"
    assert any("names of conditions for 'conditions'" in detail.expected for detail in refusal.value.details)
