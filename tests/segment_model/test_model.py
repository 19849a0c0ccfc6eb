"""One customer, one segment: alone, in any batch, in any form, from any thread, before and after saving."""

from __future__ import annotations

import pickle
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import adjusted_rand_score

from segment_model.errors import ContractError, InputError
from segments import SegmentClusterer, SegmentLabel, SegmentModel
from training.discovery.discovery import Discovery


def records_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(row) for row in frame.to_dict(orient="records")]


def test_the_planted_groups_are_found(planted: Any, kmeans_discovery: Discovery, hdbscan_discovery: Discovery) -> None:
    assert adjusted_rand_score(planted.truth, kmeans_discovery.labels) >= 0.95
    assert adjusted_rand_score(planted.truth, hdbscan_discovery.labels) >= 0.9


def test_every_path_gives_the_same_bits(model: SegmentModel, planted: Any) -> None:
    frame = planted.frame
    whole = model.assign(frame)
    records = records_of(frame)
    alone = model.frame_of(model.assign_records(records[:1]), index=whole.index[:1])
    for position in range(1, 60):
        single_row = model.frame_of(
            model.assign_records([records[position]]), index=whole.index[position : position + 1]
        )
        alone = pd.concat([alone, single_row])
    pd.testing.assert_frame_equal(alone, whole.iloc[:60], check_exact=True)
    shuffled = frame.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(model.assign(shuffled).loc[frame.index], whole, check_exact=True)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pd.testing.assert_frame_equal(model.assign(table).to_pandas(), whole.reset_index(drop=True), check_exact=True)


def test_a_batch_larger_than_a_chunk(model: SegmentModel, planted: Any) -> None:
    many = pd.concat([planted.frame] * 200, ignore_index=True)
    whole = model.assign(many)
    once = model.assign(planted.frame.reset_index(drop=True))
    pd.testing.assert_frame_equal(whole.iloc[-len(once) :].reset_index(drop=True), once, check_exact=True)


def test_forms_of_pandas_do_not_matter(model: SegmentModel, planted: Any) -> None:
    frame = planted.frame.copy()
    whole = model.assign(frame)
    frame["frequency"] = frame["frequency"].astype("Int64")
    frame["days_between_orders"] = frame["days_between_orders"].astype("Float64")
    frame["plan"] = frame["plan"].astype("category")
    frame["country"] = frame["country"].astype(object)
    pd.testing.assert_frame_equal(model.assign(frame), whole, check_exact=True)
    backwards = frame[frame.columns[::-1]]
    pd.testing.assert_frame_equal(model.assign(backwards), whole, check_exact=True)


def test_descriptors_are_optional_and_change_nothing(model: SegmentModel, planted: Any) -> None:
    basis = planted.frame[[column.name for column in planted.contract.basis]]
    pd.testing.assert_frame_equal(model.assign(basis), model.assign(planted.frame), check_exact=True)


def test_eight_threads_agree(model: SegmentModel, planted: Any) -> None:
    records = records_of(planted.frame)
    expected = model.assign_records(records)
    positions = np.random.default_rng(5).integers(0, len(records), 800)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda position: model.assign_records([records[position]]), positions))
    wrong = sum(
        answer.nearest[0] != expected.nearest[p] or answer.strength[0] != expected.strength[p]
        for answer, p in zip(answers, positions, strict=True)
    )
    assert wrong == 0


def test_a_saved_model_is_the_model(model: SegmentModel, planted: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    again = SegmentModel.load(tmp_path / "model")
    assert again.digest == model.digest
    assert again.provenance == model.provenance
    assert again.discovered_cards == model.discovered_cards
    pd.testing.assert_frame_equal(again.assign(planted.frame), model.assign(planted.frame), check_exact=True)
    records = records_of(planted.frame.iloc[:5])
    before, after = model.explain_records(records)[1], again.explain_records(records)[1]
    assert np.array_equal(before.contributions, after.contributions)


def test_equal_models_are_those_of_the_same_files_and_names(
    kmeans_model: SegmentModel, hdbscan_model: SegmentModel, tmp_path: Path
) -> None:
    kmeans_model.save(tmp_path / "model")
    again = SegmentModel.load(tmp_path / "model")
    assert again == kmeans_model
    assert {again: "the same"}[kmeans_model] == "the same"
    renamed = again.with_overlay({again.ids[0]: SegmentLabel("Regulars")})
    assert renamed != kmeans_model
    assert again.with_overlay({"seg-of-another": SegmentLabel("Regulars")}) == kmeans_model
    assert kmeans_model not in (hdbscan_model, renamed, None)


def assert_pickled_alike(model: SegmentModel, frame: pd.DataFrame) -> None:
    """A model that has answered and explained answers the same after a journey to another process."""
    record = records_of(frame.iloc[:1])[0]
    alone, (_, why) = model.assign_record(record), model.explain_record(record)
    expected = model.assign(records_of(frame))
    again = pickle.loads(pickle.dumps(model))  # noqa: S301  (our own bytes)
    assert again.digest == model.digest
    assert again.assign_record(record) == alone
    assert again.explain_record(record)[1] == why
    pd.testing.assert_frame_equal(again.assign(records_of(frame)), expected, check_exact=True)


def test_a_model_that_has_answered_can_be_pickled(model: SegmentModel, planted: Any) -> None:
    assert_pickled_alike(model, planted.frame.head(30))


def test_a_model_of_one_column_can_be_pickled(planted: Any) -> None:
    frame = planted.frame[["monetary_value"]]
    kmeans = {"algorithms": [{"algorithm": "kmeans", "starts": 1}], "force": True}
    assert_pickled_alike(SegmentClusterer(segments=2, discovery=kmeans).fit(frame).model_, frame.head(30))


def test_a_kmeans_model_holds_no_training_row(kmeans_discovery: Discovery) -> None:
    model = kmeans_discovery.model
    kept = np.vstack([model.assigner.arrays()["centroids"], model.explainer.arrays()["mean"]])
    distances = np.abs(kmeans_discovery.points[:, None, :] - kept[None, :, :]).max(axis=2)
    assert distances.min() > 1e-9


def test_an_hdbscan_model_keeps_at_most_half_of_the_rows(hdbscan_discovery: Discovery) -> None:
    exemplars = hdbscan_discovery.model.assigner.arrays()["exemplars"]
    assert 0 < len(exemplars) <= 0.5 * len(hdbscan_discovery.frame)


def test_the_overlay_renames_and_leaves_the_digest(kmeans_model: SegmentModel, planted: Any) -> None:
    first = kmeans_model.ids[0]
    renamed = kmeans_model.with_overlay(
        {first: SegmentLabel("Treue Kunden ✓", "our best"), "seg-of-another": SegmentLabel("x")}
    )
    assert renamed.cards[0].name == "Treue Kunden ✓"
    assert renamed.cards[0].notes == "our best"
    assert renamed.cards[1:] == kmeans_model.cards[1:]
    assert renamed.digest == kmeans_model.digest
    answer = renamed.assign(planted.frame)
    assert set(answer.loc[answer["segment_id"] == first, "segment_name"]) == {"Treue Kunden ✓"}


def test_a_far_customer_is_novel_and_still_answered(model: SegmentModel, planted: Any) -> None:
    far = records_of(planted.frame.iloc[:1])[0] | {"monetary_value": 1e300}
    answer = model.assign_records([far], policy="nearest")
    assert answer.novel.tolist() == [True]
    assert 0 <= answer.strength[0] <= 1
    assert model.novelty.flags(model.scorer.reader.frame(planted.frame).numbers).mean() <= 0.02


def test_an_unseen_category_is_pooled_and_flagged(model: SegmentModel, planted: Any) -> None:
    strange = records_of(planted.frame.iloc[:1])[0] | {"plan": "Ω-plan"}
    assert model.assign_records([strange]).unseen == (("plan",),)


def test_hdbscan_says_unassigned_and_names_the_nearest(hdbscan_model: SegmentModel, planted: Any) -> None:
    between = records_of(planted.frame.iloc[:1])[0] | {"recency_days": 0, "frequency": 1, "monetary_value": 5000.0}
    strict, lenient = (hdbscan_model.assign_records([between], policy=policy) for policy in ("unassigned", "nearest"))
    assert strict.unassigned.tolist() == [True]
    assert lenient.unassigned.tolist() == [False]
    assert strict.nearest[0] == lenient.nearest[0]
    frame = hdbscan_model.frame_of(strict)
    assert frame["segment_id"].isna().all()
    assert frame["segment_name"].isna().all()


def test_strength_is_high_in_the_heart_and_low_on_the_border(kmeans_model: SegmentModel) -> None:
    centroids = kmeans_model.assigner.arrays()["centroids"]
    middle = (centroids[0] + centroids[1]) / 2
    heart, border = (
        kmeans_model.assigner.nearest(np.ascontiguousarray(p[:, None])).strength[0] for p in (centroids[0], middle)
    )
    assert heart == 1.0
    assert border < 1e-9


@pytest.mark.parametrize(
    ("change", "column", "got", "expected"),
    [
        ({"frequency": "5"}, "frequency", "'5' (text)", "a finite number of at least 0 (orders)"),
        ({"frequency": True}, "frequency", "true", "a finite number of at least 0 (orders)"),
        ({"frequency": -1}, "frequency", "-1", "a finite number of at least 0 (orders)"),
        ({"frequency": None}, "frequency", "null", "a finite number of at least 0 (orders)"),
        ({"frequency": float("inf")}, "frequency", "inf", "a finite number of at least 0 (orders)"),
        ({"frequency": 10**400}, "frequency", "1000", "a finite number of at least 0 (orders)"),
        ({"frequency": [1]}, "frequency", "[1]", "a finite number of at least 0 (orders)"),
        ({"top_feature_share": 1.5}, "top_feature_share", "1.5", "a number from 0 to 1; divide percents by 100"),
        ({"plan": 3}, "plan", "3", "text"),
        ({"plan": None}, "plan", "null", "text"),
        ({"recncy_days": 3}, "recncy_days", "an unknown feature", "Did you mean 'recency_days'?"),
    ],
)
def test_refusals_name_the_column_what_came_and_what_was_expected(
    model: SegmentModel, planted: Any, change: dict[str, Any], column: str, got: str, expected: str
) -> None:
    record = records_of(planted.frame.iloc[:1])[0]
    with pytest.raises(InputError) as caught:
        model.assign_records([record, record | change])
    problem = caught.value.problems[0]
    assert (problem.row, problem.column) == (1, column)
    assert problem.got.startswith(got)
    assert expected in problem.expected


def test_an_absent_basis_column_is_refused_and_null_is_accepted_where_training_had_it(
    model: SegmentModel, planted: Any
) -> None:
    record = records_of(planted.frame.iloc[:1])[0]
    absent = {name: value for name, value in record.items() if name != "recency_days"}
    with pytest.raises(InputError, match="row 0, recency_days: got nothing, expected a finite number"):
        model.assign_records([absent])
    assert model.assign_records([record | {"days_between_orders": None}]).strength[0] >= 0
    with pytest.raises(ContractError, match=r"recency_days.*missing"):
        model.assign(planted.frame.drop(columns="recency_days"))


def test_nobody_gets_no_answers(model: SegmentModel, planted: Any) -> None:
    assert len(model.assign_records([]).nearest) == 0
    assert model.assign(planted.frame.iloc[:0]).empty


def test_an_unknown_segment_is_refused_with_the_known_ones(kmeans_model: SegmentModel, planted: Any) -> None:
    with pytest.raises(ContractError, match="no segment 'seg-nope'; the model has seg-"):
        kmeans_model.explain(planted.frame.iloc[:1], against="seg-nope")


def test_one_customer_alone_is_quick_and_the_same_to_the_bit(model: SegmentModel, planted: Any) -> None:
    """The quick path for one customer against the batch: in order, missing, unseen, far out."""
    records = records_of(planted.frame.iloc[:120])
    records += [{**record, "days_between_orders": None} for record in records[:10]]
    records += [{**records[0], "plan": "Ω"}, {**records[1], "monetary_value": 1e12}, {**records[2], "frequency": 3}]
    batch, explained = model.explain_records(records)
    frame = model.frame_of(batch)
    for row, record in enumerate(records):
        assignments, why = model.explain_records([record])
        for name in ("nearest", "runner_up", "strength", "distance", "unassigned", "novel"):
            assert getattr(assignments, name)[0] == getattr(batch, name)[row], (row, name)
        assert assignments.unseen[0] == batch.unseen[row]
        assert np.array_equal(why.contributions[0], explained.contributions[row])
        assert (why.base[0], why.score[0]) == (explained.base[row], explained.score[row])
        assignment = model.assign_record(record)
        assert assignment.segment_id == (None if batch.unassigned[row] else frame["segment_id"].iloc[row])
        assert (assignment.strength, assignment.novel, assignment.unseen) == (
            batch.strength[row],
            batch.novel[row],
            batch.unseen[row],
        )
        assert assignment.nearest_id == model.ids[batch.nearest[row]]
        again, explanation = model.explain_record(record)
        assert again == assignment
        assert list(explanation.contributions.values()) == explained.contributions[row].tolist()
        assert (explanation.base, explanation.score) == (explained.base[row], explained.score[row])


def test_a_record_that_makes_up_what_it_lacks_is_refused(model: SegmentModel, planted: Any) -> None:
    record = records_of(planted.frame.iloc[:1])[0]
    del record["frequency"]
    for ask in (model.assign_record, model.explain_record):
        with pytest.raises(InputError, match="frequency: got nothing"):
            ask(defaultdict(float, record))


def test_problems_of_a_large_table_name_the_row_in_the_whole(model: SegmentModel, planted: Any) -> None:
    many = pd.concat([planted.frame] * 200, ignore_index=True)
    many.loc[69_000, "frequency"] = -1.0
    with pytest.raises(InputError, match=r"row 69000, frequency: got -1"):
        model.assign(many)


def test_cells_that_are_no_values_are_refused(model: SegmentModel, planted: Any) -> None:
    frame = planted.frame.astype({"plan": object})
    plans: list[Any] = frame["plan"].tolist()
    plans[3] = ["a", "list"]
    frame["plan"] = pd.Series(plans, index=frame.index, dtype=object)
    with pytest.raises(InputError, match=r'row 3, plan: got \["a", "list"\], expected text'):
        model.assign(frame)


def test_strength_falls_all_the_way_from_the_heart_to_the_border(kmeans_model: SegmentModel) -> None:
    """Where A's distance grows and B's shrinks, the strength can only fall."""
    heart, other = kmeans_model.assigner.arrays()["centroids"][:2]
    steps = np.linspace(0, 0.5, 40)
    points = np.ascontiguousarray(heart[:, None] * (1 - steps) + other[:, None] * steps)
    nearest = kmeans_model.assigner.nearest(points)
    same = (nearest.segment == nearest.segment[0]) & (nearest.runner_up == nearest.runner_up[0])
    assert same.sum() >= 2
    assert np.all(np.diff(nearest.strength[same]) < 0)


def test_strength_is_a_share(model: SegmentModel, planted: Any) -> None:
    strength = model.assign_records(planted.frame).strength
    assert np.all((strength >= 0) & (strength <= 1))
