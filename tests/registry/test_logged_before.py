"""A model that was logged when the package of segment models was still called `segments` loads beside today's face.

The archive holds such a model as MLflow kept it: its code, the saved model, its metadata.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from registry.connection import load_mlflow
from segment_model.encoding.declared import as_declared
from segments import SegmentModel

ARCHIVE = Path(__file__).parent / "data" / "logged_with_package_segments.zip"

# A process of this checkout that has not imported our face: the model brings its own `segments`.
WITHOUT_THE_FACE = """
import sys, warnings
warnings.simplefilter("ignore")
import mlflow, pandas as pd
package, customers, answer = sys.argv[1:]
mlflow.pyfunc.load_model(package).predict(pd.read_parquet(customers)).to_parquet(answer)
print(sys.modules["segments"].__file__)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def saved(package: Path) -> SegmentModel:
    return SegmentModel.load(package / "artifacts" / "segment_model")


def test_a_process_that_has_imported_the_face_loads_it(
    package: Path, saved: SegmentModel, planted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    scorer = load_mlflow().pyfunc.load_model(str(package))
    assert isinstance(scorer.unwrap_python_model().model, SegmentModel)
    answer = scorer.predict(as_declared(planted.frame, saved.contract))
    expected = saved.assign(planted.frame)
    pd.testing.assert_frame_equal(answer[list(expected.columns)], expected, check_exact=True)


def test_a_process_that_has_not_imported_the_face_loads_it_with_its_own_code(
    package: Path, saved: SegmentModel, planted: Any, tmp_path: Path
) -> None:
    as_declared(planted.frame, saved.contract).to_parquet(tmp_path / "customers.parquet")
    arguments = [str(package), str(tmp_path / "customers.parquet"), str(tmp_path / "answer.parquet")]
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_FACE, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert str(package / "code" / "segments") in process.stdout
    expected = saved.assign(planted.frame)
    answer = pd.read_parquet(tmp_path / "answer.parquet")
    pd.testing.assert_frame_equal(answer[list(expected.columns)], expected, check_exact=True)
