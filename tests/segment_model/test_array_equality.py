"""Assignments, explanations and assigners compare to one truth, as models do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segments import NearestCentroid, SegmentModel


def test_answers_are_equal_if_all_their_numbers_are(model: SegmentModel, planted: Any) -> None:
    customers = planted.frame.head(50)
    answers = model.assign_records(customers), model.explain_table(customers)
    again = model.assign_records(customers), model.explain_table(customers)
    assert answers == again
    assert answers[0] != model.assign_records(customers.head(49))
    assert answers[1] != replace(answers[1], score=answers[1].score + 1e-9)
    assert answers[0] != "an answer"


def test_a_missing_number_equals_a_missing_number(kmeans_model: SegmentModel, planted: Any) -> None:
    answer = kmeans_model.assign_records(planted.frame.head(3))
    unknown = replace(answer, distance=np.full(3, np.nan))
    assert unknown == replace(answer, distance=np.full(3, np.nan)) != answer


def test_assigners_are_compared_by_what_they_learned(model: SegmentModel) -> None:
    arrays = model.assigner.arrays()
    assert model.assigner == type(model.assigner).from_arrays(arrays)
    assert model.assigner != NearestCentroid(np.zeros((2, 2)))
    with pytest.raises(TypeError, match="unhashable"):
        hash(model.assigner)
