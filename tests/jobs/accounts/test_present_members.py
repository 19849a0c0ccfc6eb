"""Members of a frame of vectors: who is refused is counted and named, and reasons are those of an explanation."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analytics.history import NOT_ASSIGNABLE
from jobs.accounts.present_members import present_members, reasons_of
from jobs.score import explain_customer
from segments import SegmentModel


def test_a_customer_whom_the_model_cannot_read_is_counted_and_has_no_segment(
    planted: Any, kmeans_model: SegmentModel
) -> None:
    frame = planted.frame.copy()
    frame.loc["C00003", "monetary_value"] = float("nan")
    members = present_members(kmeans_model, frame, frozenset({"C00001", "gone"}))
    table = members.table.set_index("customer_id")
    assert table.loc["C00003", "segment_id"] == NOT_ASSIGNABLE
    assert pd.isna(table.loc["C00003", "strength"])
    assert list(table.index[table.representative == 1]) == ["C00001"]
    assert "1 customer cannot be read by the model and has no segment" in members.notes
    assert any("C00003" in note and "monetary_value is missing" in note for note in members.notes)
    expected = kmeans_model.assign(frame.drop(index="C00003"))
    assert table.drop(index="C00003").segment_id.tolist() == expected.segment_id.tolist()
    assert table.drop(index="C00003").strength.tolist() == expected.strength.tolist()
    written = reasons_of(kmeans_model, frame)(members.table.iloc[[3, 4]])
    assert written[0] == ""
    assert written[1] == explain_customer(kmeans_model, frame.iloc[[4]]).sentence


def test_representatives_that_are_not_known_are_a_note(planted: Any, kmeans_model: SegmentModel) -> None:
    members = present_members(kmeans_model, planted.frame.iloc[:5], None)
    assert members.table.representative.sum() == 0
    assert members.notes == ("representatives are not marked: the run of this version does not say who they are",)
    nobody = present_members(kmeans_model, planted.frame.iloc[:0], frozenset())
    assert nobody.table.empty
    assert reasons_of(kmeans_model, planted.frame.iloc[:0])(nobody.table) == []
