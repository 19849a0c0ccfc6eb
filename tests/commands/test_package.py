"""`segments package --dockerfile`: what it prints, and what it writes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from registry.connection import connected
from segments import SegmentModel
from tests.registries import registry_in

BUILT = re.compile(
    r"built (segments:\w+) \((\d+\.\d) MB; (\d+) packages that it needs: ([\d,]+) MB\); "
    r"serve it: bentoml serve \1"
)
ROOT = Path(__file__).resolve().parents[2]


def test_the_bento_is_built_weighed_and_its_dockerfile_written(tmp_path: Path, kmeans_model: SegmentModel) -> None:
    """In a process of its own: BentoML reads once where its store is."""
    location = registry_in(tmp_path, "my-shop")
    kmeans_model.save(tmp_path / "v1" / "artifacts" / "segment_model")
    tags = {"digest": kmeans_model.digest, "segment_ids": json.dumps(kmeans_model.ids)}
    with connected(location, create=True) as connection:
        connection.client.create_registered_model("my-shop")
        connection.client.create_model_version("my-shop", (tmp_path / "v1").as_uri(), tags=tags)
        connection.client.set_registered_model_alias("my-shop", "champion", "1")
    content = {"as_of": "2026-07-01", "sources": {"orders": {"file": "orders.csv"}}}
    (tmp_path / "segments.yaml").write_text(yaml.safe_dump({**content, "registry": {"model_name": "my-shop"}}))
    written = tmp_path / "Dockerfile"
    command = [sys.executable, "-m", "cli", "package", "--config", "segments.yaml", "--dockerfile", written.name]
    environment = {**os.environ, "BENTOML_HOME": str(tmp_path / "bentoml"), "BENTOML_DO_NOT_TRACK": "true"}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        command, cwd=tmp_path, env={**environment, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    built, wrote = done.stdout.splitlines()[-2:]
    match = BUILT.fullmatch(built)
    assert match, built
    tag, bento, packages, requirements = match.groups()
    assert 0.1 < float(bento) < 5
    assert int(packages) > 20
    assert 50 < int(requirements.replace(",", "")) < 600
    assert wrote == f"wrote {written.name}: what `bentoml containerize {tag}` builds from"
    text = written.read_text()
    steps = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert steps[0].startswith("FROM python:3.11")
    assert steps[-1].startswith("ENTRYPOINT")
