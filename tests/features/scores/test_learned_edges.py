"""Scores of values: the side that an edge belongs to, fixed and unequal edges, and the number of scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from features.scores.learned_edges import learn_edges, points
from features.scores.score_columns import score_columns
from features.scores.score_edges import ScoreEdges
from features.settings import RfmSettings

DAYS = [0.0, 29.0, 30.0, 31.0, 90.0, 180.0, 365.0, 366.0]


def scored(values: list[float], settings: dict[str, Any], score: str = "r_score") -> list[float]:
    measure = {"r_score": "recency_days", "m_score": "monetary_value"}[score]
    edges = learn_edges(pd.DataFrame({measure: values}), [score], ScoreEdges.model_validate(settings))
    return points(score, edges[score], np.array(values, dtype=float)).tolist()


def test_an_edge_belongs_to_the_range_below_it_or_to_the_one_above() -> None:
    fixed = {"recency": [30, 90, 180, 365]}
    assert scored(DAYS, fixed) == [5, 5, 5, 4, 4, 3, 2, 1]
    assert scored(DAYS, {**fixed, "closed": "left"}) == [5, 5, 4, 4, 3, 2, 1, 1]
    # the same edges in pandas, where 1 is the lowest range
    for closed, right in (("right", True), ("left", False)):
        bins = pd.cut(pd.Series(DAYS), [-np.inf, 30, 90, 180, 365, np.inf], right=right, labels=[5, 4, 3, 2, 1])
        assert scored(DAYS, {**fixed, "closed": closed}) == bins.astype(float).tolist()


def test_three_edges_make_four_scores_and_one_edge_two() -> None:
    values = [float(number) for number in range(1, 101)]
    assert pd.Series(scored(values, {"quantiles": [0.25, 0.5, 0.75]}, "m_score")).value_counts().to_dict() == {
        1: 25, 2: 25, 3: 25, 4: 25,
    }  # fmt: skip
    unequal = pd.Series(scored(values, {"quantiles": [0.5, 0.9]}, "m_score"))
    assert unequal.value_counts().to_dict() == {1: 50, 2: 40, 3: 10}
    assert scored([1.0, 9.0], {"monetary": [5]}, "m_score") == [1, 2]


def test_fixed_edges_need_no_known_value_and_missing_values_have_no_score() -> None:
    frame = pd.DataFrame({"recency_days": [np.nan]})
    assert learn_edges(frame, ["r_score"], ScoreEdges()) == {}
    edges = learn_edges(frame, ["r_score"], ScoreEdges(recency=(30.0,)))
    assert edges == {"r_score": (30.0,)}
    assert np.isnan(points("r_score", edges["r_score"], np.array([np.nan]))).all()


def test_a_rule_alone_is_a_block_and_old_settings_are_read() -> None:
    assert RfmSettings.model_validate({"score_edges": "quantile_plus_one"}).score_edges.rule == "quantile_plus_one"
    settings = RfmSettings.model_validate({"score_edges": {"recency": [30, 90]}})
    assert RfmSettings.model_validate(settings.model_dump(mode="json")) == settings
    assert RfmSettings().score_edges == ScoreEdges()


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ("quantil", "'quantile' or 'quantile_plus_one'"),
        ({"recency": [30, 30]}, "each number larger than the one before"),
        ({"recency": [90, 30]}, "each number larger than the one before"),
        ({"monetary": [1, float("inf")]}, "finite number"),
        ({"frequency": []}, "at least 1 item"),
        ({"quantiles": [0, 0.5]}, "between 0 and 1"),
        ({"quantiles": [20, 40, 60, 80]}, r"such as \[0.25, 0.5, 0.75\]"),
        ({"rule": "quantile_plus_one", "ties": "first"}, "go with the rule quantile"),
        ({"rule": "quantile_plus_one", "closed": "left"}, "go with the rule quantile"),
        ({"recency": [30], "closed": "upper"}, "'right' or 'left'"),
    ],
)
def test_edges_that_make_no_ranges_are_refused(edges: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RfmSettings.model_validate({"score_edges": edges})


def test_the_columns_say_which_edges_they_have() -> None:
    fifths = {column.name: column for column in score_columns(ScoreEdges())}
    assert fifths["r_score"].unit == "of 5"
    assert fifths["r_score"].description == (
        "fifth of recency_days among the customers it was learned from; 5 is the most recent"
    )
    other = {column.name: column for column in score_columns(ScoreEdges(recency=(30.0, 90.5), quantiles=(0.5,)))}
    assert (other["r_score"].unit, other["m_score"].unit) == ("of 3", "of 2")
    assert other["r_score"].description == "range of recency_days between the edges 30, 90.5; 3 is the most recent"
    assert other["f_score"].description == (
        "range of frequency between the quantiles 0.5 of the customers it was learned from; 2 is the highest"
    )


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6, unique=True).map(sorted),
    st.sampled_from(["right", "left"]),
)
def test_fixed_edges_are_those_of_pandas(values: list[float], edges: list[float], closed: str) -> None:
    bins = pd.cut(pd.Series(values), [-np.inf, *edges, np.inf], right=closed == "right", labels=False)
    assert scored(values, {"monetary": edges, "closed": closed}, "m_score") == (bins + 1).astype(float).tolist()
