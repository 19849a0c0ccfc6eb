"""`segments ablate` from a settings file: a table, a file, one MLflow run, and nothing registered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from cli import main
from jobs.ablation.ablate import stored_ablation
from jobs.customer_vectors import vectors_of
from registry.connection import RegistryLocation, connected
from training.settings import read_settings


def folder_with(folder: Path, **change: Any) -> Path:
    """Customers in three groups by what they do, with money that is noise."""
    rng = np.random.default_rng(2)
    pd.DataFrame(
        {
            "customer_id": [f"kunde-ü{number}" for number in range(90)],
            "visits": rng.normal(np.array([0.0, 9.0, 18.0] * 30), 0.5),
            "clicks": rng.normal(np.array([9.0, 0.0, 9.0] * 30), 0.5),
            "spend": rng.normal(50.0, 5.0, 90),
            "age": rng.normal(40.0, 5.0, 90),
        }
    ).to_parquet(folder / "vectors.parquet")
    content = {
        "title": "Läden",
        "sources": {
            "vectors": {
                "file": "vectors.parquet",
                "groups": {"visits": "behavioural", "clicks": "behavioural", "spend": "value", "age": "demographic"},
            }
        },
        "discovery": {
            "algorithms": [{"algorithm": "kmeans", "segments": 3, "starts": 1}],
            "hold_out_groups": ["demographic"],
        },
    }
    config = folder / "shop.yaml"
    config.write_text(yaml.safe_dump({**content, **change}, allow_unicode=True), encoding="utf-8")
    return config


def run(config: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["ablate", "--config", str(config), *more], catch_exceptions=False)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("ablation")
    return folder, run(folder_with(folder), "--out", str(folder / "table.csv"))


def test_the_table_says_which_group_matters(done: tuple[Path, Result]) -> None:
    folder, ran = done
    assert ran.exit_code == 0, ran.output
    assert "without behavioural = value alone" in ran.output
    assert "held out by `discovery.hold_out_groups`: age" in ran.output
    table = pd.read_csv(folder / "table.csv").set_index("fit")
    assert list(table.index) == [
        "all groups",
        "without behavioural = value alone",
        "without value = behavioural alone",
    ]
    agreement = dict(zip(table.index, table["agreement"], strict=True))
    assert agreement["all groups"] == 1
    assert agreement["without value = behavioural alone"] > 0.9
    assert agreement["without behavioural = value alone"] < 0.2
    assert not table["groups"].str.contains("demographic").any()


def test_one_run_is_logged_and_nothing_is_registered(done: tuple[Path, Result]) -> None:
    folder, ran = done
    with connected(RegistryLocation(f"sqlite:///{folder / 'mlflow.db'}")) as connection:
        (logged,) = connection.client.search_runs([connection.experiment_id()])
        assert connection.client.search_registered_models() == []
        files = [file.path for file in connection.client.list_artifacts(logged.info.run_id, "tables")]
    assert f"logged to MLflow (run {logged.info.run_id}); nothing is registered" in ran.output
    assert logged.info.status == "FINISHED"
    assert logged.data.tags["mlflow.source.name"] == "segments ablate"
    assert logged.data.metrics["agreement/all groups"] == 1
    assert logged.data.metrics["agreement/without behavioural"] < 0.2
    assert {"tables/ablation.csv", "tables/ablation.html"} <= set(files)


def test_the_table_is_kept_for_the_page_of_a_version_of_the_same_data(done: tuple[Path, Result]) -> None:
    folder, _ = done
    settings, _ = read_settings(folder / "shop.yaml")
    digest = vectors_of(settings, folder).digest
    location = RegistryLocation(f"sqlite:///{folder / 'mlflow.db'}")
    stored = stored_ablation(location, digest)
    assert stored is not None
    assert stored.headings[:2] == ("fit", "columns")
    assert [row[0] for row in stored.rows] == [
        "all groups",
        "without behavioural = value alone",
        "without value = behavioural alone",
    ]
    assert stored_ablation(location, "sha256:other") is None
    assert stored_ablation(location, "") is None


def test_a_registry_that_refuses_the_run_costs_nobody_the_table(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").mkdir()
    ran = run(folder_with(tmp_path), "--out", str(tmp_path / "table.csv"))
    assert ran.exit_code == 0, ran.output
    assert "without behavioural = value alone" in ran.output
    assert "cannot be opened: Is a directory" in ran.output
    assert "The table is not logged; the same command logs it later" in ran.output
    assert len(pd.read_csv(tmp_path / "table.csv")) == 3


def test_a_single_group_is_refused_in_one_line(tmp_path: Path) -> None:
    hold_out = {"discovery": {"hold_out_groups": ["demographic", "value"]}}
    done = run(folder_with(tmp_path, **hold_out))
    assert done.exit_code == 2
    assert "an ablation needs two groups" in done.stderr


def test_an_unknown_group_is_answered_with_the_nearest(tmp_path: Path) -> None:
    done = run(folder_with(tmp_path, discovery={"hold_out_groups": ["demographics"]}))
    assert done.exit_code == 2
    assert "hold_out_groups: there is no 'demographics'" in done.stderr
    assert "demographic" in done.stderr


def test_a_group_of_no_column_is_refused(tmp_path: Path) -> None:
    vectors = {"vectors": {"file": "vectors.parquet", "groups": {"vists": "behavioural"}}}
    done = run(folder_with(tmp_path, sources=vectors, discovery={}))
    assert done.exit_code == 2
    assert "vectors: groups: no column 'vists'" in done.stderr
