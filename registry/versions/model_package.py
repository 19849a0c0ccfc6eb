"""The MLflow package of a segment model: code, saved model, signature, example, requirements. No pickle."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pandas as pd

import segment_model
from registry.connection import load_mlflow
from registry.versions.signature import ANSWER, signature_of
from segment_model.encoding.declared import as_declared
from segment_model.errors import RegistryError
from segment_model.model import SegmentModel
from segment_model.self_test import typical_customers
from segment_model.storage import directory

SAVED_MODEL = "segment_model"
SAVED_MODEL_PATH = f"artifacts/{SAVED_MODEL}"  # where MLflow puts it inside the package
CODE = Path(__file__).parents[1] / "scoring_model.py"
REQUIRED = ("mlflow", "numpy", "pandas", "pyyaml", "scipy")
EXAMPLE_ROWS = 3


def write_package(model: SegmentModel, vectors: pd.DataFrame, path: Path, identity: Mapping[str, str]) -> None:
    """Write the package into the new folder `path` and test it: it must load and answer its own example.

    vectors : the training customers, read only to keep them out of the example. identity : `artifact_path`,
    `model_uuid`, `model_id` and `run_id` of the MLflow model that the package becomes.

    Raises
    ------
    RegistryError
        If the written package does not load or does not answer.
    """
    mlflow = load_mlflow()
    stage = path.with_name(path.name + "-parts")
    saved, code = stage / SAVED_MODEL, stage / "code" / "segment_model"
    directory.write(saved, model.files)
    shutil.copytree(Path(segment_model.__file__).parent, code, ignore=shutil.ignore_patterns("__pycache__"))
    example = synthetic_customers(model, vectors)
    try:
        mlflow.pyfunc.save_model(
            str(path),
            python_model=str(CODE),
            code_paths=[str(code)],
            artifacts={SAVED_MODEL: str(saved)},
            signature=signature_of(model.contract),
            input_example=example,
            pip_requirements=requirements(),
            mlflow_model=mlflow.models.Model(**identity),
            metadata={"digest": model.digest},
        )
        shutil.rmtree(stage)
        with _import_path_kept():
            loaded = mlflow.pyfunc.load_model(str(path))
            answer = None if example is None else loaded.predict(example)
    except mlflow.exceptions.MlflowException as error:
        raise RegistryError(f"the packaged model does not load or answer: {error}") from error
    if answer is not None and list(answer.columns) != list(ANSWER):
        raise RegistryError(f"the packaged model answers {', '.join(answer.columns)}; expected {', '.join(ANSWER)}")


def requirements() -> list[str]:
    """The libraries that the package needs beside its own code, at the versions in use here."""
    return [f"{name}=={version(name)}" for name in REQUIRED]


def synthetic_customers(model: SegmentModel, vectors: pd.DataFrame) -> pd.DataFrame | None:
    """Rows of each segment's medians and modes, for the example; None where every such row equals a real customer.

    `segment_model.self_test.typical_customers` says how they are made.
    """
    rows = typical_customers(model, vectors)[:EXAMPLE_ROWS]
    if not rows:
        return None
    frame = pd.DataFrame(rows).reindex(columns=list(model.contract.names)).astype(object)
    return as_declared(frame, model.contract)


@contextmanager
def _import_path_kept() -> Iterator[None]:
    """Restore the import path: loading a package puts its folder first on it, and this folder is temporary."""
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before
