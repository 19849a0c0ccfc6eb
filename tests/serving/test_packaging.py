"""What goes into a Bento: the model under the names people gave, and nothing that serving does not need."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from segments.errors import ArtefactError
from segments.model import SegmentModel
from serving.launcher import CHECKOUT
from serving.packaging import BENTOFILE, STORED_NAME
from serving.stored_model import MODEL_FOLDER, OVERLAY, read_stored


def pins(path: Path) -> set[str]:
    return set(re.findall(r"^[a-z0-9][\w.\-]*==[^\s;\\]+", path.read_text(), flags=re.MULTILINE))


def test_the_service_runs_on_the_versions_that_were_tested() -> None:
    ours = pins(CHECKOUT / "serving" / "requirements.lock")
    assert len(ours) > 20
    assert ours <= pins(CHECKOUT / "requirements.lock")


def test_the_bentofile_names_the_stored_model_and_only_the_rooms_of_serving() -> None:
    found = yaml.safe_load((CHECKOUT / BENTOFILE).read_text())
    assert found["models"] == [f"{STORED_NAME}:latest"]
    assert {path.split("/")[0] for path in found["include"]} == {"serving", "segments"}
    assert found["python"]["lock_packages"] is False, "a second lock would ask the network"


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"name": "a", "version": "1", "digest": "b", "overlay": {"s": 5}}']
)
def test_a_packed_model_that_cannot_be_read_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / OVERLAY).write_text(content)
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_stored(tmp_path, "tests")


def test_another_model_than_the_packed_one_is_refused(tmp_path: Path, kmeans: SegmentModel) -> None:
    kmeans.save(tmp_path / MODEL_FOLDER)
    content = {"name": "tiny", "version": "1", "digest": "sha256:0", "overlay": {}}
    (tmp_path / OVERLAY).write_text(json.dumps(content))
    with pytest.raises(ArtefactError, match=re.escape(kmeans.digest)):
        read_stored(tmp_path, "tests")
