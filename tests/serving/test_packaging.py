"""What goes into a Bento: the model under the names people gave, and nothing that serving does not need."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from segment_model.errors import ArtefactError
from segment_model.model import SegmentModel
from serving.launcher import CHECKOUT
from serving.model.stored_copies import MODEL_FOLDER, OVERLAY, read_stored
from serving.packaging import BENTOFILE, STORED_NAME


def pins(path: Path) -> set[str]:
    return pins_of(path.read_text())


def test_the_service_runs_on_the_versions_that_were_tested() -> None:
    ours = pins(CHECKOUT / "serving" / "requirements.lock")
    assert len(ours) > 20
    assert ours <= pins(CHECKOUT / "requirements.lock")


def test_the_bentofile_names_the_stored_model_and_only_the_rooms_of_serving() -> None:
    found = yaml.safe_load((CHECKOUT / BENTOFILE).read_text())
    assert found["models"] == [f"{STORED_NAME}:latest"]
    assert {path.split("/")[0] for path in found["include"]} == {"serving", "segments", "features"}
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


SCRIPT = """
import json, sys
from segments import SegmentModel
from serving import packaging
tag = packaging.package(SegmentModel.load(sys.argv[1]), "customer-segments", "12")
weight = packaging.weigh(tag)
print(json.dumps([packaging.dockerfile(tag), weight.bento, weight.requirements, weight.packages, weight.absent]))
"""


def test_the_image_is_rendered_where_no_engine_runs(tmp_path: Path, hdbscan: SegmentModel) -> None:
    hdbscan.save(tmp_path / "tiny")
    environment = {
        **os.environ, "BENTOML_HOME": str(tmp_path / "bentoml"), "BENTOML_DO_NOT_TRACK": "true", "PATH": "/nowhere",
    }  # fmt: skip
    built = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "tiny")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    text, bento, requirements, packages, absent = json.loads(built.stdout.strip().splitlines()[-1])

    steps = [line.split(maxsplit=1) for line in text.replace("\\\n", " ").splitlines() if re.match("[A-Z]+ ", line)]
    assert steps[0] == ["FROM", steps[0][1]]
    assert steps[0][1].startswith("python:3.11"), "the version that was tested"
    installs = [rest for what, rest in steps if what == "RUN" and "pip install -r" in rest]
    assert len(installs) == 1
    assert "env/python/requirements.txt" in installs[0], "the lock, pinned and hashed, see below"
    users = [rest for what, rest in steps if what == "USER"]
    assert users[-1] not in {"root", "0"}, "it runs as nobody in particular"
    assert [what for what, _ in steps][-1] == "ENTRYPOINT"
    assert "EXPOSE" in {what for what, _ in steps}
    environment_of_image = dict(rest.split("=", 1) for what, rest in steps if what == "ARG" and "=" in rest)
    assert environment_of_image["BENTOML_DO_NOT_TRACK"].strip("'") == "true"
    assert not re.search(r"(?i)password|secret|token|index-url", text)

    (folder,) = (tmp_path / "bentoml" / "bentos" / "segments").glob("*/bento.yaml")
    entrypoint = (folder.parent / "env" / "docker" / "entrypoint.sh").read_text()
    assert "bentoml serve" in entrypoint
    locked = (folder.parent / "env" / "python" / "requirements.txt").read_text()
    assert pins_of(locked) == pins(CHECKOUT / "serving" / "requirements.lock")
    assert locked.count("--hash=sha256:") >= len(pins_of(locked)), "nothing is installed that was not tested"
    for name in ("mlflow", "umap-learn", "hdbscan", "matplotlib", "shap", "scikit-learn", "pyarrow", "plotly", "numba"):
        assert f"\n{name}==" not in locked

    assert 100_000 < bento < 5_000_000, "code and a small model"
    assert packages + len(absent) == len({pin.split("==")[0] for pin in pins_of(locked)})
    assert 50e6 < requirements < 600e6


def pins_of(text: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9][\w.\-]*==[^\s;\\]+", text, flags=re.MULTILINE))
