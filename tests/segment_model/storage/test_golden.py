"""Models saved by format 1 stay readable, and answer as they did, for ever: see docs/decisions/0001-saved-model.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from segment_model.storage.directory import FORMAT_VERSION
from segments import SegmentModel

DATA = Path(__file__).parents[2] / "data"
FORMATS = range(1, FORMAT_VERSION + 1)


@pytest.mark.parametrize("algorithm", ["kmeans", "hdbscan"])
@pytest.mark.parametrize("version", FORMATS)
def test_an_old_model_gives_its_old_answers(version: int, algorithm: str) -> None:
    model = SegmentModel.load(DATA / f"model-v{version}-{algorithm}")
    stored: dict[str, Any] = json.loads((DATA / f"answers-v{version}.json").read_text(encoding="utf-8"))
    assert model.digest == stored[algorithm]["digest"]
    for customer, expected in zip(stored["customers"], stored[algorithm]["answers"], strict=True):
        assignment, why = model.explain_record(customer)
        assert (assignment.segment_id, assignment.nearest_id, assignment.runner_up_id) == tuple(expected["segments"])
        assert (assignment.unassigned, assignment.novel, list(assignment.unseen)) == tuple(expected["flags"])
        # another processor may round the last digit of a logarithm otherwise
        assert assignment.strength == pytest.approx(expected["strength"], abs=1e-12)
        assert list(why.contributions) == list(expected["contributions"])
        assert why.contributions == pytest.approx(expected["contributions"], abs=1e-9)
