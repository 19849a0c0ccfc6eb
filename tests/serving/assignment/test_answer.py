"""True and false in the JSON of a customer: 1 and 0 of a flag, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from segment_model.contract import Column, Kind, Role, VectorContract
from segment_model.model import SegmentModel
from serving.assignment.answer import assign_customers, check_descriptors
from serving.contracts.responses import AssignResponse
from serving.endpoints.customers.assign import read_assign
from serving.model.served_model import ServedModel
from serving.wire.refusals import Refusal
from serving.wire.strict_json import dump


@pytest.fixture
def flagged(kmeans: SegmentModel) -> ServedModel:
    """A model whose `frequency` is a flag."""
    columns = [replace(c, kind=Kind.FLAG) if c.name == "frequency" else c for c in kmeans.contract.columns]
    return ServedModel(replace(kmeans, contract=VectorContract(tuple(columns))), "tiny", "1", "tests")


def explained(served: ServedModel, features: dict[str, Any]) -> dict[str, Any]:
    body = {"customers": [{"id": "C1", "features": features}], "words": True}
    content = assign_customers(served, read_assign(body))
    AssignResponse.model_validate_json(dump(content))
    return dict(content["assignments"][0])


@pytest.mark.parametrize("sent", [True, False])
def test_true_and_false_of_a_flag_are_answered_as_1_and_0(
    flagged: ServedModel, good: dict[str, Any], sent: bool
) -> None:
    answer = explained(flagged, {**good, "frequency": sent})
    expected = explained(flagged, {**good, "frequency": int(sent)})
    (own,) = (c for c in answer["explanation"]["contributions"] if c["feature"] == "frequency")
    assert own["value"] is sent
    assert answer == expected, "true equals 1 in Python"
    assert own["words"].startswith(f"frequency: {'yes' if sent else 'no'}")


def test_what_is_between_is_refused_with_the_remedy(flagged: ServedModel, good: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as caught:
        explained(flagged, {**good, "frequency": 0.5})
    (detail,) = caught.value.details
    assert (caught.value.status, caught.value.code) == (422, "invalid_features")
    assert (detail.customer, detail.feature, detail.got) == ("C1", "frequency", "0.5")
    assert detail.expected.startswith("0 or 1")
    assert detail.expected.endswith("; decide from which probability on it is 1")


def test_a_descriptor_follows_the_same_rule() -> None:
    vip, orders = Column("vip", Kind.FLAG, Role.DESCRIPTOR), Column("orders", Kind.COUNT, Role.DESCRIPTOR)
    check_descriptors([vip, orders], ["C1"], [{"vip": True, "orders": 1}])
    with pytest.raises(Refusal, match="feature 'orders': got true"):
        check_descriptors([vip, orders], ["C1"], [{"vip": True, "orders": True}])
