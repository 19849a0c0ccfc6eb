"""`segments discover` on noise: nothing is registered, unless it is forced, and then the version says so for ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from cli import main
from jobs import conclusion
from registry.connection import RegistryLocation, connected
from registry.versions.versions import fetch, list_versions
from reporting.pictures.all_pictures import DrawnPictures

NOTHING = "no reproducible structure"
COLUMNS = [f"share_{number}" for number in range(10)]


@pytest.fixture
def noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of 300 customers with ten uniform columns; drawing takes long, and is tested elsewhere."""
    monkeypatch.setattr(conclusion, "draw_pictures", lambda _: DrawnPictures({}, {}))
    table = pd.DataFrame(np.random.default_rng(5).uniform(size=(300, 10)), columns=COLUMNS)
    table.insert(0, "customer_id", [f"kunde-ü{number}" for number in range(300)])
    table.insert(1, "known_at", pd.Timestamp("2026-01-01"))
    table.to_parquet(tmp_path / "customers.parquet")
    attributes = {name: {"kind": "share", "role": "basis"} for name in COLUMNS}
    content = {
        "as_of": "2026-06-01",
        "sources": {"customers": {"file": "customers.parquet", "attributes": attributes}},
        "discovery": {"algorithms": [{"algorithm": "kmeans", "segments": 5, "starts": 1}]},
    }
    config = tmp_path / "noise.yaml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    return config


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def parents(location: RegistryLocation) -> list[Any]:
    with connected(location) as connection:
        runs = connection.client.search_runs([connection.experiment_id()])
    return [run for run in runs if "mlflow.parentRunId" not in run.data.tags]


def test_noise_is_registered_only_by_force_and_then_says_so(noise: Path) -> None:
    location = RegistryLocation(f"sqlite:///{noise.parent / 'mlflow.db'}")
    refused = run("discover", noise)
    assert refused.exit_code == 2
    assert NOTHING in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (noise.parent / "mlflow.db").exists()

    forced = run("discover", noise, "--force", "--promote")
    assert forced.exit_code == 0, forced.output
    assert f"verdict: {NOTHING.capitalize()}: " in forced.output
    (version,) = list_versions(location)
    assert fetch(location, version.version).model.provenance["verdict"]["verdict"] == NOTHING
    (made,) = parents(location)
    assert made.info.status == "FINISHED"
    assert made.data.tags["verdict"] == NOTHING
    assert version.verdict == NOTHING
    assert f"version 1 (champion): 5 segments, {NOTHING}, " in run("list", "--config", noise).output
