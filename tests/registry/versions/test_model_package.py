from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from registry.versions import model_package
from registry.versions.model_package import requirements, synthetic_customers, write_package
from segment_model.errors import RegistryError
from segments import SegmentModel

pytestmark = [
    # mlflow 3.17 compares column labels with a range, which pandas 3.1 is about to change
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated:DeprecationWarning"),
]
IDENTITY = {"artifact_path": "model", "model_uuid": "m-1", "model_id": "m-1", "run_id": "r-1"}


def is_a_customer(example: pd.DataFrame, vectors: pd.DataFrame, columns: list[str]) -> bool:
    real = set(map(tuple, vectors[columns].astype(object).where(vectors[columns].notna(), None).to_numpy()))
    made = example[columns].astype(object)
    return any(tuple(row) in real for row in made.where(made.notna(), None).to_numpy())


def test_the_example_holds_each_segments_medians(model: SegmentModel, planted: Any) -> None:
    example = synthetic_customers(model, planted.frame)
    assert example is not None
    assert list(example.columns) == list(model.contract.names)
    for row, card in zip(range(len(example)), model.cards, strict=False):
        assert example.iloc[row]["monetary_value"] == card.medians["monetary_value"]
        assert example.iloc[row]["plan"] == card.medians["plan"]


def test_the_example_is_nobody_even_where_segments_are_single_customers(
    kmeans_model: SegmentModel, planted: Any
) -> None:
    """The medians of a segment of one are that customer."""
    vectors = planted.frame
    names = list(kmeans_model.contract.names)
    basis = [column.name for column in kmeans_model.contract.basis]
    alone = [
        replace(card, size=1, medians={n: None if pd.isna(v) else v for n, v in vectors[names].iloc[row].items()})
        for row, card in enumerate(kmeans_model.cards)
    ]
    example = synthetic_customers(replace(kmeans_model, discovered_cards=tuple(alone)), vectors)
    assert example is not None
    assert not is_a_customer(example, vectors, basis)
    kmeans_model.assign(example)  # and is still a valid customer


def test_there_is_no_example_where_any_row_would_be_somebody(kmeans_model: SegmentModel, planted: Any) -> None:
    twice = []
    for halved in (1.0, 0.5):
        rows = pd.DataFrame([card.medians for card in kmeans_model.cards])
        numbers = rows.select_dtypes("number").columns
        twice.append(rows.assign(**{name: rows[name] * halved for name in numbers}))
    everybody = pd.concat([planted.frame, *twice])
    assert synthetic_customers(kmeans_model, everybody) is None


def test_requirements_are_pinned_and_need_no_segments_package() -> None:
    names = [line.split("==")[0] for line in requirements()]
    assert names == ["mlflow", "numpy", "pandas", "pyyaml", "scipy"]
    assert all(line.count("==") == 1 for line in requirements())


def test_a_package_holds_code_and_arrays_and_no_pickle(
    kmeans_model: SegmentModel, planted: Any, tmp_path: Path
) -> None:
    write_package(kmeans_model, planted.frame, tmp_path / "package", IDENTITY)
    files = {path.relative_to(tmp_path / "package").as_posix() for path in (tmp_path / "package").rglob("*.*")}
    assert {"scoring_model.py", "code/segment_model/model.py", "artifacts/segment_model/manifest.json"} <= files
    assert not any(name.endswith((".pkl", ".pickle", ".joblib")) for name in files)
    assert SegmentModel.load(tmp_path / "package" / "artifacts" / "segment_model").digest == kmeans_model.digest
    assert [path.name for path in tmp_path.iterdir()] == ["package"]


def test_a_package_that_does_not_load_is_refused(
    kmeans_model: SegmentModel, planted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "scoring_model.py"
    broken.write_text("import mlflow\nraise ValueError('no good')\n")
    monkeypatch.setattr(model_package, "CODE", broken)
    with pytest.raises(RegistryError, match=r"does not load or answer: .*no good"):
        write_package(kmeans_model, planted.frame, tmp_path / "package", IDENTITY)
