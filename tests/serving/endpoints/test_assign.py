"""What `POST /assign` answers: the model's own answer, in order, with the ids echoed."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest

from segment_model.language.reasons import reasons
from segment_model.model import SegmentModel
from serving.contracts.responses import AssignResponse


def test_the_answer_is_the_models_own_one_by_one_in_batches_and_shuffled(
    call: Any, model: SegmentModel, many_customers: list[dict[str, Any]]
) -> None:
    truth = model.assign(many_customers)
    expected = {
        f"C{i}": (None if is_null(row.segment_id) else row.segment_id, row.strength, row.unassigned, row.novel)
        for i, row in enumerate(truth.itertuples())
    }
    assert len({segment for segment, *_ in expected.values()}) >= 3, "the customers fall into several segments"
    customers = [{"id": f"C{i}", "features": features} for i, features in enumerate(many_customers)]
    shuffled = random.Random(3).sample(customers, len(customers))  # noqa: S311  # an order, not a secret
    answers = [
        [call.assign([customer]).json["assignments"][0] for customer in customers],
        [a for i in range(0, 500, 64) for a in call.assign(customers[i : i + 64]).json["assignments"]],
        call.assign(customers).json["assignments"],
        call.assign(shuffled).json["assignments"],
    ]
    for sent, answered in zip([customers, customers, customers, shuffled], answers, strict=True):
        assert [a["id"] for a in answered] == [c["id"] for c in sent]
        for a in answered:
            segment, strength, unassigned, novel = expected[a["id"]]
            assert (a["segment_id"], a["unassigned"], a["novel"]) == (segment, unassigned, novel)
            assert a["strength"] == strength, "to the bit, by both algorithms"


def test_explanations_sum_to_the_score_and_say_what_the_model_says(
    call: Any, model: SegmentModel, many_customers: list[dict[str, Any]]
) -> None:
    sent = many_customers[:40]
    reply = call.assign([{"id": str(i), "features": f} for i, f in enumerate(sent)], explain=True)
    table = model.explain_table(sent)
    for i, assignment in enumerate(reply.json["assignments"]):
        explanation = assignment["explanation"]
        contributions = [c["contribution"] for c in explanation["contributions"]]
        assert explanation["toward"] == assignment["nearest_id"]
        assert explanation["against"] == assignment["runner_up_id"]
        assert explanation["base"] + sum(contributions) == pytest.approx(explanation["score"], abs=1e-9)
        assert explanation["score"] >= 0, "the nearest segment wins its own margin"
        assert contributions == pytest.approx(table.contributions[i].tolist(), abs=1e-12)
        assert {c["feature"]: c["value"] for c in explanation["contributions"]} == sent[i]
        assert [c["unit"] for c in explanation["contributions"]] == ["days", "orders", "USD", ""]


def test_a_response_follows_its_published_model(call: Any, many_customers: list[dict[str, Any]]) -> None:
    customers = [{"id": f"ü{i}", "features": f} for i, f in enumerate(many_customers[:50])]
    for explain in (False, True):
        body = call.assign(customers, explain=explain).body
        answer = AssignResponse.model_validate_json(body)
        assert (answer.assignments[0].explanation is not None) == explain


def test_an_explanation_is_given_only_on_request(call: Any, good: dict[str, Any]) -> None:
    assert "explanation" not in call.assign_one(good).json["assignments"][0]
    contributions = call.assign_one(good, explain=True).json["assignments"][0]["explanation"]["contributions"]
    assert all("words" not in contribution for contribution in contributions)


def test_words_change_none_of_the_numbers(call: Any, model: SegmentModel, many_customers: list[dict[str, Any]]) -> None:
    customers = [{"id": f"C{i}", "features": f} for i, f in enumerate(many_customers[:40])]
    plain = call.assign(customers, explain=True).json["assignments"]
    for more in ({"words": True}, {"words": True, "explain": True}, {"words": True, "explain": False}):
        reply = call.assign(customers, **more)
        AssignResponse.model_validate_json(reply.body)
        for without, with_words, sent in zip(plain, reply.json["assignments"], many_customers, strict=False):
            phrases = [c.pop("words") for c in with_words["explanation"]["contributions"]]
            assert with_words == without
            expected = reasons(model, sent, model.explain_table([sent]))
            assert sorted(phrases) == sorted(reason.words for reason in expected)


def test_the_words_are_those_of_the_cards(call: Any, good: dict[str, Any]) -> None:
    changed = {**good, "monetary_value": None, "industry": "Fischerei 🐟", "recency_days": 1}
    explanation = call.assign_one(changed, words=True).json["assignments"][0]["explanation"]
    assert (explanation["toward"], explanation["against"]) == ("s000", "s001")
    recency, frequency, money, industry = (c["words"] for c in explanation["contributions"])
    assert recency.startswith("recency: 1 day, counted as ")
    assert recency.endswith("the least that training looked at, where this segment typically has 5 and the other 60")
    assert frequency == "frequency: 12 orders, where this segment typically has 12 and the other 4"
    assert money.startswith("monetary value: unknown, counted as ")
    assert money.endswith(" USD, the median, where this segment typically has 400 and the other 90")
    assert industry == (
        "industry: Fischerei 🐟, never seen in training, counted as one of the rare ones, "
        "where retail is typical of this segment and of the other"
    )


def test_the_policy_decides_what_an_outsider_gets(hdbscan: SegmentModel, call: Any, model: SegmentModel) -> None:
    outsider = {"recency_days": 199, "frequency": 12, "monetary_value": 21, "industry": "software"}
    strict = call.assign_one(outsider).json["assignments"][0]
    nearest = call.assign_one(outsider, policy="nearest").json["assignments"][0]
    assert strict["nearest_id"] == nearest["nearest_id"] == nearest["segment_id"]
    assert nearest["segment_name"] is not None
    assert not nearest["unassigned"]
    assert strict["unassigned"] == (model is hdbscan), "only HDBSCAN has customers of no segment"
    if model is hdbscan:
        assert strict["segment_id"] is None
        assert strict["segment_name"] is None


def test_descriptors_change_nothing(call: Any, good: dict[str, Any]) -> None:
    plain = call.assign_one(good, explain=True).json
    for more in ({"employees": 7}, {"region": "Łódź"}, {"employees": None, "region": None}, {"employees": 1e300}):
        assert call.assign_one({**good, **more}, explain=True).json == plain


def test_a_missing_value_of_a_nullable_feature_is_accepted(call: Any, good: dict[str, Any]) -> None:
    reply = call.assign_one({**good, "monetary_value": None}, explain=True)
    assert reply.status == 200
    assert reply.json["assignments"][0]["explanation"]["contributions"][2]["value"] is None


@pytest.mark.parametrize("feature", ["recency_days", "frequency", "monetary_value"])
@pytest.mark.parametrize("value", [1e300, 1.7e308, 10**30])
def test_a_finite_value_far_outside_is_answered_and_flagged(
    call: Any, feature: str, value: float, good: dict[str, Any]
) -> None:
    reply = call.assign_one({**good, feature: value}, explain=True)
    assert reply.status == 200
    assignment = reply.json["assignments"][0]
    assert assignment["novel"] is True
    assert 0 <= assignment["strength"] <= 1
    assert np.isfinite(assignment["distance"])


def test_an_ordinary_customer_is_not_novel(call: Any, good: dict[str, Any]) -> None:
    assignment = call.assign_one(good).json["assignments"][0]
    assert (assignment["segment_id"], assignment["novel"], assignment["unseen"]) == ("s000", False, [])


def test_an_unseen_category_is_answered_and_flagged(call: Any, good: dict[str, Any]) -> None:
    unseen = call.assign_one({**good, "industry": "Fischerei 🐟"}).json["assignments"][0]
    pooled = call.assign_one({**good, "industry": "finance"}).json["assignments"][0]
    assert unseen["unseen"] == ["industry"]
    assert pooled["unseen"] == [], "a rare category was seen"
    assert unseen["strength"] == pooled["strength"], "it is pooled with the rare ones"


@pytest.mark.parametrize("name", ["ключ", "😀", "../../etc/passwd", "a" * 256, "\u0000", 'with "quotes"\\', " "])
def test_ids_are_echoed_unchanged(call_kmeans: Any, name: str, good: dict[str, Any]) -> None:
    reply = call_kmeans.assign([{"id": name, "features": good}])
    assert reply.json["assignments"][0]["id"] == name


def test_a_thousand_customers_are_accepted(call_kmeans: Any, good: dict[str, Any]) -> None:
    reply = call_kmeans.assign([{"id": str(i), "features": good} for i in range(1000)])
    assert reply.status == 200
    assert [a["id"] for a in reply.json["assignments"]] == [str(i) for i in range(1000)]


def test_a_body_may_come_in_pieces(call_kmeans: Any, good: dict[str, Any]) -> None:
    body = json.dumps({"customers": [{"id": "C1", "features": good}]}).encode()
    whole = call_kmeans("POST", "/assign", body)
    pieces = call_kmeans("POST", "/assign", [body[i : i + 7] for i in range(0, len(body), 7)])
    assert (pieces.status, pieces.body) == (whole.status, whole.body)


def is_null(value: Any) -> bool:
    return value is None or value != value
