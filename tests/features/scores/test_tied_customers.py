"""Ties broken by rank: the scores of pandas in training, and edges that treat a new customer like the middle one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.scores.learned_edges import learn_edges, points, tied_scores
from features.scores.score_edges import ScoreEdges
from features.scores.tied_customers import id_order

FIRST = ScoreEdges(ties="first")


def measured(values: list[float]) -> pd.DataFrame:
    ids = pd.Index([f"c{place:04d}" for place in range(len(values))], name="customer_id")
    return pd.DataFrame({"frequency": values}, index=ids)


@given(st.lists(st.integers(0, 6).map(float), min_size=5, max_size=60), st.integers(2, 5))
def test_training_scores_are_those_of_qcut_over_first_ranks(values: list[float], levels: int) -> None:
    shares = tuple(level / levels for level in range(1, levels))
    frame = measured(values)
    ours = tied_scores(frame, ["f_score"], ScoreEdges(ties="first", quantiles=shares))["f_score"]
    theirs = pd.qcut(frame.frequency.rank(method="first"), [0, *shares, 1], labels=False) + 1
    assert ours.tolist() == theirs.astype(float).tolist()


@given(st.lists(st.integers(0, 6).map(float), min_size=1, max_size=60))
def test_a_new_customer_gets_the_score_of_the_middle_one_of_those_with_an_equal_value(values: list[float]) -> None:
    frame = measured(values)
    by_rank = pd.Series(tied_scores(frame, ["f_score"], FIRST)["f_score"], index=frame.index)
    edges = learn_edges(frame, ["f_score"], FIRST)["f_score"]
    assert list(edges) == sorted(edges)
    for orders, scores in by_rank.groupby(frame.frequency):
        middle = sorted(scores)[(len(scores) - 1) // 2]
        assert points("f_score", edges, np.array([orders])).tolist() == [middle]
    finer = points("f_score", edges, np.linspace(-1, 7, 33))
    assert (np.diff(finer) >= 0).all()


def test_distinct_values_have_no_ties_to_break() -> None:
    frame = measured([float(number) for number in range(100)])
    by_rank = tied_scores(frame, ["f_score"], FIRST)["f_score"]
    edges = learn_edges(frame, ["f_score"], FIRST)["f_score"]
    assert by_rank.tolist() == points("f_score", edges, frame.frequency.to_numpy()).tolist()
    assert tied_scores(frame, ["f_score"], ScoreEdges()) == {}


def test_one_customer_equal_customers_and_missing_values() -> None:
    assert tied_scores(measured([4.0]), ["f_score"], FIRST)["f_score"].tolist() == [1]
    assert tied_scores(measured([4.0] * 10), ["f_score"], FIRST)["f_score"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    gaps = tied_scores(measured([4.0, np.nan, 3.0]), ["f_score"], FIRST)["f_score"]
    assert np.isnan(gaps[1])
    assert gaps[0] > gaps[2]
    assert np.isnan(tied_scores(measured([np.nan]), ["f_score"], FIRST)["f_score"]).all()
    assert learn_edges(measured([np.nan]), ["f_score"], FIRST) == {}


def test_fixed_edges_have_no_ties_to_break() -> None:
    assert tied_scores(measured([1.0, 1.0]), ["f_score"], ScoreEdges(ties="first", frequency=(1.0,))) == {}


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["10", "9", "-1"], ["-1", "9", "10"]),
        (["10", "9", "a"], ["10", "9", "a"]),
        (["7", "007"], ["007", "7"]),
        (["١٢", "3"], ["3", "١٢"]),  # digits of another script are letters here
        (["9" * 400, "1"], ["1", "9" * 400]),
        ([], []),
    ],
)
def test_whole_numbers_come_by_size_and_other_ids_by_their_letters(ids: list[str], expected: list[str]) -> None:
    assert [ids[place] for place in id_order(ids)] == expected
