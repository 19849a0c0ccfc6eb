"""Who is on the border stays where they were, if the caller says where that was; nobody else is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.reader import CustomerReader
from segment_model.errors import ContractError
from segment_model.scoring.hysteresis import MARGIN, apply_hysteresis
from segments import SegmentModel
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings
from training.succession.succession import Fate, succeed


def between(model: SegmentModel, planted: Any, strength: float) -> SegmentModel:
    """The model with two centres only, so that the first customer has the given strength toward segment 0."""
    point = model.encoder.encode(CustomerReader(model.contract, model.encoder).frame(planted.frame.iloc[:1])).T[0]
    step = np.zeros_like(point)
    step[0] = 1.0
    # strength = (d1 - d0) / (d1 + d0) with d0 + d1 = 2
    centres = np.array([point - (1 - strength) * step, point + (1 + strength) * step])
    return replace(model, assigner=NearestCentroid(centres), discovered_cards=model.discovered_cards[:2])


@pytest.mark.parametrize(
    ("strength", "stays"), [(0.0, True), (0.05, True), (0.099, True), (0.101, False), (0.9, False)]
)
def test_they_stay_below_the_margin(planted: Any, kmeans_model: SegmentModel, strength: float, stays: bool) -> None:
    model = between(replace(kmeans_model, explainer=kmeans_model.explainer), planted, strength)
    customer = planted.frame.iloc[:1]
    plain = model.assign(customer)
    assert plain["strength"].item() == pytest.approx(strength)
    answer = model.assign(customer, previous=[model.ids[1]])
    assert answer["kept_by_hysteresis"].item() is stays
    assert answer["segment_id"].item() == model.ids[stays]
    assert answer["segment_name"].item() == model.names[stays]
    assert answer["previous_segment_id"].item() == model.ids[1]
    shared = ["strength", "runner_up_id", "unassigned", "novel"]
    pd.testing.assert_frame_equal(answer[shared], plain[shared])
    assert not model.assign(customer, previous=[model.ids[0]])["kept_by_hysteresis"].item()  # they are there already
    assert model.assign(customer, previous=[model.ids[1]], margin=1.0)["kept_by_hysteresis"].item()
    assert not model.assign(customer, previous=[model.ids[1]], margin=0.0)["kept_by_hysteresis"].item()


def test_only_whose_segment_comes_second_stays_and_nothing_else_changes(model: SegmentModel, planted: Any) -> None:
    plain = model.assign(planted.frame)
    assert list(plain.columns) == list(model.assign(planted.frame, previous=None).columns)
    for previous in model.ids:
        answer = model.assign(planted.frame, previous=[previous] * len(plain))
        expected = (plain["runner_up_id"] == previous) & (plain["strength"] < MARGIN) & ~plain["unassigned"]
        assert answer["kept_by_hysteresis"].tolist() == expected.tolist()
        changed = answer["segment_id"].fillna("") != plain["segment_id"].fillna("")
        assert changed.tolist() == expected.tolist()
        assert set(answer.loc[expected, "segment_id"]) <= {previous}
    assignments = model.assign_records(planted.frame)
    kept = apply_hysteresis(assignments, list(plain["runner_up_id"]), model.previous_positions, margin=1.0).kept
    assert kept.tolist() == (~plain["unassigned"] & (plain["strength"] < 1)).tolist()


def test_a_segment_that_nobody_knows_is_passed_over_and_reported(model: SegmentModel, planted: Any) -> None:
    plain = model.assign(planted.frame)
    previous: list[str | None] = ["seg-unheard", None] * (len(plain) // 2)
    answer = model.assign(planted.frame, previous=previous)
    assert answer["previous_segment_id"].isna().all()
    assert not answer["kept_by_hysteresis"].any()
    pd.testing.assert_frame_equal(answer[list(plain.columns)], plain)


def test_a_series_goes_by_customer(kmeans_model: SegmentModel, planted: Any) -> None:
    frame = planted.frame
    series = kmeans_model.assign(frame)["runner_up_id"]
    in_order = kmeans_model.assign(frame, previous=list(series), margin=0.3)
    assert in_order["kept_by_hysteresis"].any()
    shuffled = kmeans_model.assign(frame, previous=series.sample(frac=1, random_state=1), margin=0.3)
    pd.testing.assert_frame_equal(in_order, shuffled)
    first_ten = kmeans_model.assign(frame, previous=series.iloc[:10], margin=0.3)
    pd.testing.assert_frame_equal(first_ten.iloc[:10], in_order.iloc[:10])
    assert first_ten["previous_segment_id"].iloc[10:].isna().all()
    with pytest.raises(ContractError, match="these have more: C00000"):
        kmeans_model.assign(frame, previous=pd.concat([series, series.iloc[:1]]))


def test_a_series_by_other_names_is_refused(kmeans_model: SegmentModel, planted: Any) -> None:
    """Rows of a CSV file are numbered, so no customer of a frame with ids would have a previous segment, in silence."""
    frame = planted.frame
    before = kmeans_model.assign(frame)["segment_id"]
    numbered = before.reset_index(drop=True)
    with pytest.raises(ContractError, match=r"its index has 0, and the customers have 'C00000'\. .* previous\.tolist"):
        kmeans_model.assign(frame, previous=numbered)
    with pytest.raises(ContractError, match="its index has 'C00000', and the customers have 0"):
        kmeans_model.assign(frame.reset_index(drop=True), previous=before)
    in_order = kmeans_model.assign(frame, previous=numbered.tolist())  # the remedy
    assert in_order["previous_segment_id"].equals(before.rename("previous_segment_id"))
    new = kmeans_model.assign(frame.rename(index="new {}".format), previous=before)
    assert new["previous_segment_id"].isna().all()  # nobody was there before


@pytest.mark.parametrize("wrong", [5, {"C00000": "seg-a"}, pd.DataFrame({"segment_id": ["seg-a"]})])
def test_previous_segments_that_are_no_list(kmeans_model: SegmentModel, planted: Any, wrong: Any) -> None:
    with pytest.raises(ContractError, match=f"or a Series by customer, .* got {type(wrong).__name__}"):
        kmeans_model.assign(planted.frame.head(1), previous=wrong)


def test_what_does_not_fit_is_refused(kmeans_model: SegmentModel, planted: Any) -> None:
    with pytest.raises(ContractError, match="3 previous segments for 400 customers"):
        kmeans_model.assign(planted.frame, previous=["a", "b", "c"])
    margins: list[Any] = [-0.1, 1.1, float("nan"), "0.1", None]
    for margin in margins:
        with pytest.raises(ContractError, match="it is a strength, from 0"):
            kmeans_model.assign(planted.frame, previous=[None] * 400, margin=margin)
    nobody = kmeans_model.assign(planted.frame.iloc[:0], previous=[])
    assert list(nobody.columns)[-2:] == ["kept_by_hysteresis", "previous_segment_id"]


def test_a_retired_segment_stands_for_the_one_that_took_most_of_it(planted: Any) -> None:
    def model_of(count: int) -> SegmentModel:
        chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=count),))
        return discover(planted.frame, planted.contract, chosen, {"count": count}).model

    four = model_of(4)
    two, lineage = succeed(model_of(2), four, planted.frame)
    known = two.previous_positions
    assert {retired.fate for retired in lineage.gone} == {Fate.MERGED}
    for gone in lineage.gone:
        largest = gone.ties[0]
        assert largest.of_old > 0.5
        assert two.ids[known[gone.id]] == largest.id
    was = four.assign(planted.frame)["segment_id"]
    answer = two.assign(planted.frame, previous=was, margin=0.5)
    assert answer["previous_segment_id"].notna().all()
    assert answer["previous_segment_id"].isin(two.ids).all()
    strangers = four.previous_positions
    assert list(strangers) == list(four.ids)  # a first model knows its own only
