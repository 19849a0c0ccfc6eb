"""The segment model behind MLflow's pyfunc interface. MLflow runs this file inside a logged model; we never import it.

The logged model holds what the file needs: the saved model as an artefact, `segment_model/` as code. The input has one
row a customer, and so has the answer, under the same index:

    segment_id, segment_name, strength, runner_up_id, unassigned, novel, model_version

and, with `params={"explain": True}`, `base`, `score` and one `contribution__<column>` a basis column, where
score = base + the contributions: the margin of the segment over the runner-up. Segment names are those of the trained
model; names that people gave later are kept in the registry.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import yaml
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from segment_model.model import SegmentModel

REGISTERED = "registered_model_meta"  # MLflow writes it beside a model that it gets from the registry


class ScoringModel(PythonModel):
    """A SegmentModel behind MLflow's pyfunc interface."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load and verify the saved model."""
        saved = Path(context.artifacts["segment_model"])
        self.model = SegmentModel.load(saved)
        self.version = version_of(saved.parents[1], self.model.digest)

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


mlflow.models.set_model(ScoringModel())
