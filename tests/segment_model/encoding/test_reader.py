"""One rule for flags, true and false at every door of a model: a dict, a list of dicts, a frame of any type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.cards import SegmentCard
from segment_model.contract import Column, Kind, VectorContract
from segment_model.encoding.encoder import Encoder, NumberEncoding, Transform
from segment_model.encoding.novelty import NoveltyRule
from segment_model.errors import ContractError, InputError, SelfTestError
from segment_model.explanation.centroid import CentroidExplainer
from segment_model.model import SegmentModel
from segment_model.self_test import EXAMPLES, check_examples, with_examples

ROW = {"orders": 3.0, "member": 1.0}


@pytest.fixture(scope="module")
def model() -> SegmentModel:
    """Two segments: few orders and no members, many orders and members; half of the first are members."""
    count = 2
    encoder = Encoder(
        NumberEncoding(
            ("orders", "member"),
            fill=np.array([3.0, 0.5]),
            lower=np.zeros(count),
            upper=np.array([9.0, 1.0]),
            transforms=(Transform.NONE,) * count,
            power=np.ones(count),
            quantiles=np.empty((0, 0)),
            center=np.zeros(count),
            factor=np.ones(count),
        )
    )
    sites = np.array([[1.0, 0.0], [8.0, 1.0]])
    medians = ({"orders": 1.5, "member": 0.5}, {"orders": 8.0, "member": 1.0})
    cards = tuple(SegmentCard(f"s{i}", f"segment {i}", "", 10, 0.5, dict(own)) for i, own in enumerate(medians))
    contract = VectorContract((Column("orders", Kind.COUNT), Column("member", Kind.FLAG, nullable=True)))
    explainer = CentroidExplainer(encoder, sites, sites.mean(axis=0))
    return SegmentModel(
        contract, encoder, NearestCentroid(sites), explainer, NoveltyRule.learn(np.array([[0.0, 9.0], [0, 1]])), cards
    )


def answers(model: SegmentModel, row: dict[str, Any]) -> list[Any]:
    """The strength by each door, or what was refused."""
    frames = [pd.DataFrame([row]), pd.DataFrame([row], dtype=object), pd.concat([pd.DataFrame([row])] * 3)]
    doors = [
        lambda: model.assign_record(row).strength,
        lambda: model.explain_record(row)[0].strength,
        lambda: model.assign_records([row]).strength[0],
        lambda: model.assign_records([row, ROW]).strength[0],
        *(lambda frame=frame: model.assign(frame)["strength"].iloc[0] for frame in frames),
    ]
    given_back = []
    for door in doors:
        try:
            given_back.append(float(door()))
        except (InputError, ContractError) as error:
            given_back.append(str(error))
    return given_back


@pytest.mark.parametrize("sent", [0, 1, 0.0, 1.0, True, False, np.True_, np.int8(1), np.float32(0)])
def test_a_flag_is_0_or_1_or_true_or_false_at_every_door(model: SegmentModel, sent: Any) -> None:
    expected = model.assign_record({**ROW, "member": float(sent)}).strength
    assert answers(model, {**ROW, "member": sent}) == [expected] * 7


@pytest.mark.parametrize("sent", [0.5, 1e-300, np.float64(0.25), -1, 2])
def test_a_flag_between_is_refused_at_every_door_with_its_column(model: SegmentModel, sent: Any) -> None:
    for refused in answers(model, {**ROW, "member": sent}):
        assert refused.startswith("row 0, member: got ")
        assert "expected 0 or 1 or null" in refused
        assert ("decide from which probability on it is 1" in refused) == (0 < sent < 1)


def test_a_missing_flag_is_filled_though_the_median_lies_between(model: SegmentModel) -> None:
    """The encoder fills 0.5."""
    first, *others = answers(model, {**ROW, "member": None})
    assert isinstance(first, float)
    assert others == [first] * 6


@pytest.mark.parametrize("sent", [True, np.False_])
def test_true_is_no_count_at_any_door(model: SegmentModel, sent: Any) -> None:
    *of_records, of_frame, of_objects, of_many = answers(model, {**ROW, "orders": sent})
    expected = f"expected {model.contract['orders'].expected}"
    assert all(refused.startswith("row 0, orders: got ") and expected in refused for refused in of_records)
    assert of_objects == of_records[0]
    assert of_frame == of_many == f"column 'orders' holds true and false; {expected}"


@pytest.mark.parametrize("dtype", ["bool", "boolean", "bool[pyarrow]"])
def test_a_frame_of_true_and_false_is_one_of_flags(model: SegmentModel, dtype: str) -> None:
    frame = pd.DataFrame({"orders": [3.0, 3.0], "member": pd.array([True, False], dtype=dtype)})
    assert model.assign(frame)["strength"].tolist() == [
        model.assign_record({**ROW, "member": member}).strength for member in (1, 0)
    ]
    with pytest.raises(ContractError, match="column 'orders' holds true and false; expected a finite number"):
        model.assign(frame.assign(orders=frame["member"]))


def test_a_count_may_be_a_sum_of_parts(model: SegmentModel) -> None:
    """Training takes 2.5 seats too, and the medians of whole counts lie between."""
    first, *others = answers(model, {**ROW, "orders": 2.5})
    assert isinstance(first, float)
    assert others == [first] * 6


def test_typical_customers_have_whole_flags_and_those_of_older_models_still_hold(model: SegmentModel) -> None:
    nobody = pd.DataFrame({"orders": [9.0], "member": [0.0]})
    examined = with_examples(model, nobody)
    examples = examined.provenance[EXAMPLES]
    assert [example["customer"] for example in examples] == [
        {"orders": 1.5, "member": 1.0},
        {"orders": 8.0, "member": 1.0},
        {"orders": 0.75, "member": 1.0},
        {"orders": 4.0, "member": 1.0},
    ]
    assert check_examples(examined) == 4
    # a median of 0.5 with the answer that such a model gave: the point's distances to both sites
    near, far = np.hypot(0.5, 0.5), np.hypot(6.5, 0.5)
    older = {
        "customer": {"orders": 1.5, "member": 0.5},
        "answer": {"segment_id": "s0", "strength": (far - near) / (far + near), "score": far**2 - near**2},
    }
    assert check_examples(replace(model, provenance={EXAMPLES: [older]})) == 1
    wrong = {**older, "answer": {**older["answer"], "score": 41.0}}
    with pytest.raises(SelfTestError, match="example 0 was answered"):
        check_examples(replace(model, provenance={EXAMPLES: [wrong]}))
