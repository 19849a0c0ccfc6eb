"""A Bento holds the model with the names that people gave, and the code and packages that serving needs, no others."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

import pytest
import yaml

from segment_model.errors import ArtefactError
from segment_model.model import SegmentModel
from serving.launcher import CHECKOUT
from serving.model.stored_copies import MODEL_FOLDER, OVERLAY, read_stored
from serving.packaging import BENTOFILE, STORED_NAME

CARRIED = {"serving", "segment_model", "features"}  # the rooms that a Bento carries


def pins(path: Path) -> set[str]:
    return pins_of(path.read_text())


def test_the_service_runs_on_the_versions_that_were_tested() -> None:
    ours = pins(CHECKOUT / "serving" / "requirements.lock")
    assert len(ours) > 20
    assert ours <= pins(CHECKOUT / "requirements.lock")


def test_the_bentofile_names_the_stored_model_and_only_the_rooms_of_serving() -> None:
    bentofile = yaml.safe_load((CHECKOUT / BENTOFILE).read_text())
    assert bentofile["models"] == [f"{STORED_NAME}:latest"]
    assert {path.split("/")[0] for path in bentofile["include"]} == CARRIED
    assert bentofile["python"]["lock_packages"] is False, "a second lock would ask the network"


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


@dataclass(frozen=True)
class Built:
    """A built Bento: its folder, its Dockerfile, and what `weigh` says of it."""

    folder: Path
    dockerfile: str
    bento_bytes: int
    requirements_bytes: int
    packages: int
    absent: list[str]


@pytest.fixture(scope="module")
def built(hdbscan: SegmentModel, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built where no container engine is on the path."""
    folder = tmp_path_factory.mktemp("packaging")
    hdbscan.save(folder / "tiny")
    environment = {
        **os.environ, "BENTOML_HOME": str(folder / "bentoml"), "BENTOML_DO_NOT_TRACK": "true", "PATH": "/nowhere",
    }  # fmt: skip
    completed = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder / "tiny")],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (description,) = (folder / "bentoml" / "bentos" / "segments").glob("*/bento.yaml")
    return Built(description.parent, *json.loads(completed.stdout.strip().splitlines()[-1]))


def test_the_image_is_rendered_where_no_engine_runs(built: Built) -> None:
    text = built.dockerfile
    steps = [line.split(maxsplit=1) for line in text.replace("\\\n", " ").splitlines() if re.match("[A-Z]+ ", line)]
    assert steps[0] == ["FROM", steps[0][1]]
    assert steps[0][1].startswith("python:3.11"), "the version that was tested"
    installs = [rest for what, rest in steps if what == "RUN" and "pip install -r" in rest]
    assert len(installs) == 1
    assert "env/python/requirements.txt" in installs[0], "the lock, pinned and hashed, see below"
    assert "UV_COMPILE_BYTECODE=1" in text, "workers start from bytecode; that of our files is in the Bento"
    users = [rest for what, rest in steps if what == "USER"]
    assert users[-1] not in {"root", "0"}, "it runs as nobody in particular"
    assert [what for what, _ in steps][-1] == "ENTRYPOINT"
    assert "EXPOSE" in {what for what, _ in steps}
    environment_of_image = dict(rest.split("=", 1) for what, rest in steps if what == "ARG" and "=" in rest)
    assert environment_of_image["BENTOML_DO_NOT_TRACK"].strip("'") == "true"
    assert not re.search(r"(?i)password|secret|token|index-url", text)

    entrypoint = (built.folder / "env" / "docker" / "entrypoint.sh").read_text()
    assert "bentoml serve" in entrypoint
    locked = (built.folder / "env" / "python" / "requirements.txt").read_text()
    assert pins_of(locked) == pins(CHECKOUT / "serving" / "requirements.lock")
    assert locked.count("--hash=sha256:") >= len(pins_of(locked)), "nothing is installed that was not tested"
    for name in ("mlflow", "umap-learn", "hdbscan", "matplotlib", "shap", "scikit-learn", "pyarrow", "plotly", "numba"):
        assert f"\n{name}==" not in locked

    assert 100_000 < built.bento_bytes < 5_000_000, "code and a small model"
    assert built.packages + len(built.absent) == len({pin.split("==")[0] for pin in pins_of(locked)})
    assert 50e6 < built.requirements_bytes < 600e6


def modules_below(folder: Path) -> dict[str, Path]:
    """The modules of the rooms in this folder, by dotted name."""
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"): path
        for room in CARRIED
        for path in (folder / room).rglob("*.py")
    }


def imported_by(path: Path) -> set[str]:
    """All names that a file imports, inside functions too, as `package.module` or `package.module.name`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def reached_from(start: str, modules: dict[str, Path]) -> set[str]:
    """The modules that one imports, directly or through others, with the packages that hold them."""
    reached: set[str] = set()
    waiting = {start}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        packages = {name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)}
        waiting |= ((imported_by(modules[name]) | packages) & modules.keys()) - reached
    return reached


def test_the_bento_carries_every_module_that_a_worker_imports(built: Built) -> None:
    """Also modules that are imported within functions; the registry's room alone is left out, as MLflow is."""
    modules = modules_below(CHECKOUT)
    needed = reached_from("serving.service", modules)
    assert {"serving.worker", "serving.packaging", "serving.endpoints.customers.assign_records"} <= needed
    assert any(name.startswith("features.request.") for name in needed), "raw rows are computed by the features"
    carried = modules_below(built.folder / "src")
    assert needed <= carried.keys()
    assert all(carried[name].read_bytes() == modules[name].read_bytes() for name in needed)


def test_the_bento_carries_bytecode(built: Built) -> None:
    files = [file for file in (built.folder / "src").rglob("*.py") if file.stat().st_size]
    compiled = [Path(cache_from_source(str(file))) for file in files]
    assert len(files) > 60
    assert [file for file in compiled if not file.exists()] == []
    assert all(int.from_bytes(file.read_bytes()[4:8], "little") == 0b11 for file in compiled), "checked by hash"


def test_every_carried_package_can_be_imported_from_the_bento_alone(built: Built) -> None:
    """As can every module that a worker may need."""
    source = built.folder / "src"
    packages = {name for name, path in modules_below(source).items() if path.name == "__init__.py"}
    names = sorted(packages | reached_from("serving.service", modules_below(CHECKOUT)))
    script = (
        "import importlib, json, sys\n"
        "files = [importlib.import_module(name).__file__ for name in json.loads(sys.argv[1])]\n"
        "print(json.dumps(files))"
    )
    completed = subprocess.run(
        [sys.executable, "-c", script, json.dumps(names)], cwd=source, capture_output=True, text=True, check=True
    )
    files = [Path(file) for file in json.loads(completed.stdout.splitlines()[-1])]
    assert len(files) == len(names) > 60
    assert all(file.is_relative_to(source) for file in files)


def pins_of(text: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9][\w.\-]*==[^\s;\\]+", text, flags=re.MULTILINE))
