from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from segment_model.arrow_batches import BatchAssigner, SavedModel, arrow_type, load_once
from segment_model.cards import SegmentLabel
from segment_model.errors import ContractError
from segments import SegmentModel


def batches_of(frame: pd.DataFrame, rows: int) -> list[pa.RecordBatch]:
    table = pa.Table.from_pandas(frame.reset_index(), preserve_index=False).combine_chunks()
    return table.to_batches(max_chunksize=rows)


def assigned(assigner: BatchAssigner, batches: list[pa.RecordBatch]) -> pd.DataFrame:
    return pa.Table.from_batches(list(assigner(iter(batches)))).to_pandas().set_index("customer_id")


@pytest.mark.parametrize("rows", [1, 7, 1_000_000])
def test_batches_of_any_size_are_assigned_as_the_whole(model: SegmentModel, planted: Any, rows: int) -> None:
    frame = planted.frame.iloc[:40]
    assigner = BatchAssigner(SavedModel.of(model), "7", explained=True)
    answer = assigned(assigner, batches_of(frame, rows))
    whole = pd.concat([model.assign(frame), model.explain_table(frame).table(frame.index)], axis="columns")
    assert answer.index.tolist() == frame.index.tolist()
    assert list(answer.columns) == assigner.columns(model)
    assert set(answer.model_version) == {"7"}
    assert answer.refused.isna().all()
    for name in whole.columns:
        assert answer[name].tolist() == pytest.approx(whole[name].tolist(), abs=0, nan_ok=True), name


def test_a_batch_is_split_and_not_held(
    kmeans_model: SegmentModel, planted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segment_model.arrow_batches.CHUNK", 15)
    answer = list(BatchAssigner(SavedModel.of(kmeans_model), "7")(iter(batches_of(planted.frame.iloc[:40], 40))))
    assert [batch.num_rows for batch in answer] == [15, 15, 10]


def test_who_breaks_the_contract_is_refused_alone(kmeans_model: SegmentModel, planted: Any) -> None:
    frame = planted.frame.iloc[:60].copy()
    frame.loc[frame.index[:50], "frequency"] = -1.0  # more than an error lists
    frame.loc[frame.index[51], "monetary_value"] = np.inf
    frame.loc[frame.index[52], ["monetary_value", "frequency"]] = np.nan
    frame.loc[frame.index[53], "plan"] = None
    frame.loc[frame.index[54], "plan"] = "never seen"
    answer = assigned(BatchAssigner(SavedModel.of(kmeans_model), "7", explained=True), batches_of(frame, 60))
    places = [*range(50), 51, 52, 53]
    assert answer.refused.notna().to_numpy().nonzero()[0].tolist() == places
    refused = answer.iloc[places].drop(columns=["refused", "model_version"])
    assert refused.isna().all(axis=None)
    assert answer.refused.iloc[0].startswith("frequency: got -1, expected ")
    assert answer.refused.iloc[51].startswith("monetary_value: got inf, ")
    assert answer.refused.iloc[52].count(": got null, expected ") == 2
    others = frame.drop(index=frame.index[places])
    pd.testing.assert_series_equal(answer.segment_id.drop(refused.index), kmeans_model.assign(others).segment_id)


def test_nobody_and_everybody_refused(kmeans_model: SegmentModel, planted: Any) -> None:
    assigner = BatchAssigner(SavedModel.of(kmeans_model), "7")
    assert list(assigner(iter([]))) == []
    nobody = batches_of(planted.frame.iloc[:1], 1)[0].slice(0, 0)
    assert list(assigner(iter([nobody]))) == []
    all_refused = planted.frame.iloc[:3].assign(frequency=-1.0)
    answer = assigned(assigner, batches_of(all_refused, 3))
    assert answer.segment_id.isna().all()
    assert answer.refused.notna().all()


def test_columns_of_another_contract_are_no_refusal_of_rows(kmeans_model: SegmentModel, planted: Any) -> None:
    frame = planted.frame.iloc[:3].rename(columns={"frequency": "often"})
    with pytest.raises(ContractError, match="frequency"):
        list(BatchAssigner(SavedModel.of(kmeans_model), "7")(iter(batches_of(frame, 3))))


def test_a_model_is_loaded_once_and_keeps_the_names_that_people_gave(kmeans_model: SegmentModel, planted: Any) -> None:
    named = kmeans_model.with_overlay({kmeans_model.ids[0]: SegmentLabel("Stammkunden")})
    first, again = SavedModel.of(named), pickle.loads(pickle.dumps(SavedModel.of(named)))  # noqa: S301  (as Spark does)
    assert load_once(first) is load_once(again)
    assert load_once(first) is not load_once(SavedModel.of(kmeans_model))
    assert load_once(again).names == named.names
    answer = assigned(BatchAssigner(again, "7"), batches_of(planted.frame, 1000))
    assert "Stammkunden" in set(answer.segment_name)


def test_types_of_an_answer() -> None:
    assert [str(arrow_type(name)) for name in ("segment_id", "novel", "contribution__plan")] == [
        "string", "bool", "double",
    ]  # fmt: skip
