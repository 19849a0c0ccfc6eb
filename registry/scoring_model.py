"""The segment model behind MLflow's pyfunc interface. MLflow runs this file inside a logged model; we never import it.

The logged model holds what the file needs: the saved model as an artefact, `segment_model/` as code. The input has one
row a customer, and so has the answer, under the same index:

    segment_id, segment_name, strength, runner_up_id, unassigned, novel, model_version

and, with `params={"explain": True}`, `base`, `score` and one `contribution__<column>` a basis column, where
score = base + the contributions: the margin of the segment over the runner-up. Segment names are those of the trained
model; names that people gave later are kept in the registry.

Customers come in the types that people have them in, and are cast to the declared ones (`encoding.declared`). MLflow
has no place for that before it compares types with the signature, so this file puts the cast in front of
`PyFuncModel.predict`, for models of its own alone (decision 45).
"""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import yaml
from mlflow.pyfunc import PyFuncModel
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from segment_model.encoding.declared import as_declared, frame_of
from segment_model.model import SegmentModel

REGISTERED = "registered_model_meta"  # MLflow writes it beside a model that it gets from the registry


class ScoringModel(PythonModel):
    """A SegmentModel behind MLflow's pyfunc interface."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load and verify the saved model."""
        saved = Path(context.artifacts["segment_model"])
        self.model = SegmentModel.load(saved)
        self.version = version_of(saved.parents[1], self.model.digest)

    def as_declared(self, model_input: Any) -> pd.DataFrame:
        """The input in the types of the signature; unknown columns stay, which MLflow names and leaves out.

        Raises
        ------
        ContractError, InputError
            If the customers do not follow the model's contract, or a double would lose digits.
        """
        frame = frame_of(model_input, self.model.contract)
        others = [name for name in frame.columns if name not in self.model.contract.names]
        cast = as_declared(frame.drop(columns=others), self.model.contract)
        return pd.concat([cast, frame[others]], axis="columns") if others else cast

    def predict(  # type: ignore[override]  # MLflow lets the unused context be left out
        self, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Assign each customer, and explain when asked to."""
        answer = self.model.assign(model_input)
        answer["model_version"] = pd.array([self.version] * len(answer), dtype="str")
        if not (params or {}).get("explain", False):
            return answer
        return pd.concat([answer, self.model.explain_table(model_input).table(answer.index)], axis="columns")


def version_of(folder: Path, digest: str) -> str:
    """The registered version under which MLflow fetched `folder`; the digest where it was not fetched by version.

    A model is logged before it is registered, so its own files cannot hold the version.
    """
    note = folder / REGISTERED
    if not note.is_file():
        return digest
    return str(yaml.safe_load(note.read_text(encoding="utf-8"))["model_version"])


def cast_before_enforcement() -> None:
    """Let MLflow hand customers to the `as_declared` of a model that has one, before it enforces the signature."""
    predict = PyFuncModel.predict
    if hasattr(predict, "casts_before"):  # another model of this process was loaded before
        return

    @wraps(predict)
    def cast_and_predict(loaded: PyFuncModel, data: Any, params: dict[str, Any] | None = None) -> Any:
        cast = getattr(getattr(loaded._model_impl, "python_model", None), "as_declared", None)
        return predict(loaded, data if cast is None else cast(data), params)

    cast_and_predict.casts_before = True  # type: ignore[attr-defined]
    PyFuncModel.predict = cast_and_predict  # type: ignore[method-assign, assignment]  # what this function is for


cast_before_enforcement()
mlflow.models.set_model(ScoringModel())
