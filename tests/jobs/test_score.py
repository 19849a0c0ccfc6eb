"""Assignments of a vector file are made part by part, and nobody can tell from the answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from cli import main
from features.learned import LearnedFeatures
from features.vector_file import write_vectors
from features.vector_table import CustomerVectors, digest
from jobs import score
from segment_model.contract import Kind, VectorContract
from segments import SegmentModel

PART = 150  # of 400 customers


@pytest.fixture
def assign(tmp_path: Path, kmeans_model: SegmentModel, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The vectors of a frame are assigned by the command, in so many parts; its output, and the table."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(score, "fetch", lambda *_: SimpleNamespace(model=kmeans_model, version="3"))
    Path("segments.yaml").write_text("sources:\n  orders: {file: orders.csv}\nas_of: 2026-03-01\n")

    def run(frame: pd.DataFrame, part: int, out: str = "assigned.parquet", contract: Any = None) -> Any:
        monkeypatch.setattr(score, "AT_A_TIME", part)
        follows: VectorContract = contract or kmeans_model.contract
        write_vectors(CustomerVectors(frame, follows, LearnedFeatures(), None, digest(frame), {}), "vectors.parquet")
        command = ["assign", "vectors.parquet", "--explain", "--out", out]
        return CliRunner().invoke(main, command, catch_exceptions=False)

    return run


@pytest.mark.parametrize("out", ["assigned.parquet", "assigned.csv"])
def test_parts_and_the_whole_have_one_answer(assign: Any, planted: Any, out: str) -> None:
    frame = planted.frame.sort_index()
    outputs, tables = [], []
    for part in (PART, len(frame)):
        outputs.append(assign(frame, part, out).output)
        tables.append(pd.read_csv(out) if out.endswith("csv") else pd.read_parquet(out))
    assert outputs[0] == outputs[1]
    assert f"wrote {len(frame)} assignments to {out} (version 3; " in outputs[0]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def other_contract(model: SegmentModel, name: str, **other: Any) -> VectorContract:
    """The model's contract, in which a column is another."""
    columns = model.contract.columns
    return VectorContract(tuple(replace(c, **other) if c.name == name else c for c in columns))


def test_customers_without_a_value_are_counted_over_all_parts(
    assign: Any, planted: Any, kmeans_model: SegmentModel
) -> None:
    name = next(c.name for c in kmeans_model.contract.basis if not c.nullable and not c.is_category)
    frame = planted.frame.sort_index().copy()
    without = [3, 149, 150, 151, 298, 399]
    frame.loc[frame.index[without], name] = np.nan
    outcome = assign(frame, PART, contract=other_contract(kmeans_model, name, nullable=True))
    listed = ", ".join(frame.index[without[:5]])
    assert outcome.stderr == (
        f"left out 6 customers whose {name} is missing, as no training customer's was: {listed}, ...\n"
    )
    assert "wrote 394 assignments" in outcome.stdout


def test_a_customer_whom_the_model_refuses_has_its_row_in_the_file(
    assign: Any, planted: Any, kmeans_model: SegmentModel
) -> None:
    frame = planted.frame.sort_index().copy()
    frame.loc[frame.index[310], "frequency"] = -1.0
    outcome = assign(frame, PART, contract=other_contract(kmeans_model, "frequency", kind=Kind.NUMBER))
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("segments: row 310, frequency: got -1, expected ")
    assert not Path("assigned.parquet").exists()
