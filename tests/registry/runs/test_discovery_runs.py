from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from registry.connection import RegistryLocation, connected, load_mlflow
from registry.runs.discovery_runs import log_discovery
from registry.runs.open_runs import flattened
from registry.runs.records import DiscoveryRecord
from registry.versions.registration import register
from registry.versions.versions import list_versions
from segment_model.errors import RegistryError
from segments import SegmentModel

pytestmark = [
    # mlflow 3.17 compares column labels with a range, which pandas 3.1 is about to change
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated:DeprecationWarning"),
    # mlflow 3.17 maps a table by a loader strategy that sqlalchemy is about to remove
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"),
]


def runs_of(location: RegistryLocation) -> list[Any]:
    with connected(location) as connection:
        return list(connection.client.search_runs([connection.experiment_id()]))


def artifact(location: RegistryLocation, run_id: str, path: str, folder: Path) -> Path:
    with connected(location) as connection:
        folder.mkdir(exist_ok=True)
        return Path(connection.client.download_artifacts(run_id, path, str(folder)))


@pytest.fixture
def run(logged: tuple[RegistryLocation, str]) -> Any:
    location, run_id = logged
    with connected(location) as connection:
        return connection.client.get_run(run_id)


def test_the_run_tells_what_was_asked_and_found(run: Any, record: DiscoveryRecord) -> None:
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "v1 · planted company"
    assert run.data.params == {
        "as_of": "2026-01-31",
        "discovery.kmeans.k": "[2, 3]",
        "discovery.note": "x" * 249 + "…",
    }
    assert run.data.metrics == {"silhouette": 0.75, "stability": 0.9}
    assert run.data.tags["undefined_metrics"] == "adjusted_rand, null_gap"
    assert run.data.tags["verdict"] == "clear"
    assert run.data.tags["data_digest"] == record.data_digest
    assert run.data.tags["mlflow.note.content"] == record.note
    assert run.data.tags["versions"] == f"numpy {np.__version__}"
    assert record.model is not None
    assert run.data.tags["artefact_digest"] == record.model.digest
    assert run.data.tags["learned_digest"] == record.model.learned_digest


def test_the_run_takes_as_long_as_the_discovery(run: Any) -> None:
    assert run.info.start_time == 1_700_000_000_000
    assert run.info.end_time - run.info.start_time == 42_500


def test_all_settings_are_in_the_file(
    logged: tuple[RegistryLocation, str], tmp_path: Path, record: DiscoveryRecord
) -> None:
    stored = artifact(*logged, "settings.yaml", tmp_path)
    assert yaml.safe_load(stored.read_text()) == record.settings


@contextmanager
def tracked(location: RegistryLocation) -> Iterator[Any]:
    """MLflow as a person uses it in a notebook: its fluent functions ask the registry of `location`."""
    mlflow = load_mlflow()
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(location.tracking_uri)
    try:
        yield mlflow
    finally:
        mlflow.set_tracking_uri(before)


def test_one_discovery_is_one_run_whose_candidates_mlflow_reads_as_a_table(
    logged: tuple[RegistryLocation, str], record: DiscoveryRecord
) -> None:
    location, run_id = logged
    (run,) = runs_of(location)
    assert run.info.run_id == run_id
    with tracked(location) as mlflow:
        client = mlflow.MlflowClient()
        candidates = client.load_table(run.info.experiment_id, "candidates.json", run_ids=[run_id])
    expected = record.tables["candidates"]
    pd.testing.assert_frame_equal(candidates, expected, check_dtype=False)


def test_the_search_of_runs_gives_a_tidy_row(logged: tuple[RegistryLocation, str]) -> None:
    location, run_id = logged
    with tracked(location) as mlflow:
        runs = mlflow.search_runs(experiment_names=[location.experiment])
    assert len(runs) == 1
    row = runs.iloc[0]
    assert row["run_id"] == run_id
    assert row["tags.mlflow.runName"] == "v1 · planted company"
    assert (row["end_time"] - row["start_time"]).total_seconds() == 42.5
    assert {name for name in runs.columns if name.startswith("metrics.")} == {"metrics.silhouette", "metrics.stability"}
    assert not [name for name in runs.columns if "parentRunId" in name]


def test_the_experiment_opens_in_the_layout_for_training(logged: tuple[RegistryLocation, str]) -> None:
    location, _ = logged
    with connected(location) as connection:
        tags = connection.client.get_experiment(connection.experiment_id()).tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"


@pytest.mark.parametrize(
    ("kind", "afterwards"),
    [
        ("genai_development", "genai_development"),
        ("genai_development_inferred", "custom_model_development"),
        ("no_inferred_type", "custom_model_development"),
        (None, "custom_model_development"),
    ],
)
def test_a_layout_that_a_person_chose_stays(location: RegistryLocation, kind: str | None, afterwards: str) -> None:
    with connected(location) as connection:
        tags = {} if kind is None else {"mlflow.experimentKind": kind}
        connection.client.create_experiment(location.experiment, tags=tags)
        experiment = connection.client.get_experiment(connection.experiment_id())
    assert experiment.tags["mlflow.experimentKind"] == afterwards


def test_the_dataset_is_described_and_not_sent(run: Any, planted: Any) -> None:
    (used,) = run.inputs.dataset_inputs
    assert used.dataset.name == "customer_vectors"
    assert used.dataset.digest == "ab" * 16 + "abab"
    assert json.loads(used.dataset.profile)["num_rows"] == len(planted.frame)
    schema = {column["name"]: column["type"] for column in json.loads(used.dataset.schema)["mlflow_colspec"]}
    assert list(schema) == list(planted.contract.names)
    assert schema["plan"] == "string"
    assert schema["monetary_value"] == "double"
    assert used.tags[0].value == "training"
    source = load_mlflow().data.get_source(used.dataset)
    assert source.to_dict() == {"tags": {"mlflow.source.name": "orders.parquet"}}


def test_tables_and_figures_and_texts_are_there(logged: tuple[RegistryLocation, str], tmp_path: Path) -> None:
    table = pd.read_csv(artifact(*logged, "tables/segments.csv", tmp_path))
    assert table["median spend"].tolist() == [1234.5, 0.123456]
    page = artifact(*logged, "tables/segments.html", tmp_path).read_text()
    assert "&lt;b&gt;loyal&lt;/b&gt;" in page
    assert "<b>loyal" not in page
    assert "1,234" in page
    assert "Grüße" in page
    assert artifact(*logged, "figures/silhouette.png", tmp_path).read_bytes().startswith(b"\x89PNG")
    assert artifact(*logged, "report.html", tmp_path).read_text() == "<h1>Grüße</h1>"
    assert artifact(*logged, "run.md", tmp_path).read_text() == "# Run"


def test_no_customer_is_among_the_files(
    logged: tuple[RegistryLocation, str], planted: Any, kmeans_model: SegmentModel
) -> None:
    location, _ = logged
    database = location.database
    assert database is not None
    identity = str(planted.frame.index[0]).encode()
    files = [path for path in (database.parent / "artifacts").rglob("*") if path.is_file()]
    assert len(files) > 20
    assert not [path for path in files if identity in path.read_bytes()]
    basis = [column.name for column in kmeans_model.contract.basis]
    real = set(map(tuple, planted.frame[basis].astype(object).to_numpy()))
    examples = [path for path in files if path.name == "input_example.json"]
    assert examples
    for file in examples:  # other tests may have logged more models into the same registry
        document = json.loads(file.read_text())
        example = pd.DataFrame(document["data"], columns=document["columns"])
        assert not real & set(map(tuple, example[basis].astype(object).to_numpy()))


def test_the_logged_model_has_signature_example_and_requirements(logged: tuple[RegistryLocation, str]) -> None:
    location, _ = logged
    with connected(location) as connection:
        place = connection.client.get_model_version_download_uri(location.model_name, "1")
        package = connection.mlflow.models.Model.load(place)
    assert package.signature.inputs.required_input_names()[0] == "recency_days"
    assert package.saved_input_example_info["artifact_path"] == "input_example.json"
    assert package.metadata["digest"].startswith("sha256:")
    (required,) = (Path(place)).rglob("requirements.txt")
    assert {line.split("==")[0] for line in required.read_text().split()} == {
        "mlflow", "numpy", "pandas", "pyyaml", "scipy",
    }  # fmt: skip


def test_settings_are_flattened() -> None:
    nested = {"a": {"b": {"c": 1}, "d": {}}, "e": [1]}
    assert flattened(nested) == {"a.b.c": 1, "a.d": {}, "e": [1]}


def test_hundreds_of_settings_and_metrics_fit(location: RegistryLocation, record: DiscoveryRecord) -> None:
    many = replace(
        record,
        model=None,
        parameters={f"setting_{number}": number for number in range(250)},
        metrics={f"metric_{number}": float(number) for number in range(250)},
    )
    run_id = log_discovery(location, many)
    with connected(location) as connection:
        stored = connection.client.get_run(run_id).data
    assert len(stored.params) == len(stored.metrics) == 250


@pytest.mark.parametrize("raised", [RuntimeError("no luck"), KeyboardInterrupt(), OSError("disk full")])
@pytest.mark.parametrize("step", ["log_inputs", "log_model_artifacts", "log_outputs"])
def test_a_crash_ends_the_run_as_failed_and_nothing_is_registered(
    location: RegistryLocation,
    record: DiscoveryRecord,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    raised: BaseException,
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise raised

    monkeypatch.setattr(load_mlflow().MlflowClient, step, crash)
    expected = RegistryError if isinstance(raised, OSError) else type(raised)
    with pytest.raises(expected):
        log_discovery(location, record)
    monkeypatch.undo()
    infos = {run.info.run_name: run.info for run in runs_of(location)}
    assert infos["planted company"].status == "FAILED"
    assert "RUNNING" not in {info.status for info in infos.values()}
    with pytest.raises(RegistryError, match="is FAILED, so its model may be incomplete"):
        register(location, infos["planted company"].run_id)
    assert list_versions(location) == []


def test_a_metric_that_mlflow_refuses_fails_the_run(location: RegistryLocation, record: DiscoveryRecord) -> None:
    with pytest.raises(RegistryError, match="not/allowed"):
        log_discovery(location, replace(record, metrics={"not/allowed?": 1.0}))
    assert [(run.info.run_name, run.info.status) for run in runs_of(location)] == [("planted company", "FAILED")]


def test_what_cannot_be_tidied_is_added_to_the_error(
    location: RegistryLocation, record: DiscoveryRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise OSError("server went down")

    monkeypatch.setattr(load_mlflow().MlflowClient, "log_inputs", gone)
    monkeypatch.setattr(load_mlflow().MlflowClient, "set_terminated", gone)
    with pytest.raises(RegistryError) as caught:
        log_discovery(location, record)
    assert caught.value.__cause__ is not None
    assert "is left RUNNING: server went down" in caught.value.__cause__.__notes__[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"figures": {"map": Path("never-drawn.png")}}, "never drawn: no file never-drawn.png"),
        ({"tables": {"../escape": pd.DataFrame({"a": [1]})}}, "cannot be the name of a file"),
        ({"texts": {"/etc/passwd": ""}}, "cannot be the name of a file"),
    ],
)
def test_a_story_that_cannot_be_written_leaves_no_run(
    location: RegistryLocation, record: DiscoveryRecord, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(RegistryError, match=message):
        log_discovery(location, replace(record, **change))
    assert runs_of(location) == []


def test_a_discovery_that_found_nothing_is_logged_and_not_registered(
    location: RegistryLocation, record: DiscoveryRecord
) -> None:
    run_id = log_discovery(location, replace(record, model=None))
    with pytest.raises(RegistryError, match="logged 0 finished models"):
        register(location, run_id)
    with pytest.raises(RegistryError, match="refused"):
        register(location, "no-such-run")
    assert list_versions(location) == []


def test_logging_leaves_no_trace_in_the_process(
    tmp_path: Path, make_location: Callable[[Path], RegistryLocation], record: DiscoveryRecord
) -> None:
    import sys

    mlflow = load_mlflow()
    before = (mlflow.get_tracking_uri(), list(sys.path), mlflow.active_run())
    log_discovery(make_location(tmp_path / "one"), record)
    assert (mlflow.get_tracking_uri(), list(sys.path), mlflow.active_run()) == before


def test_a_column_without_a_single_value_is_described_too(
    location: RegistryLocation, record: DiscoveryRecord, tmp_path: Path
) -> None:
    """MLflow's own inference of types gives up on it."""
    drawn = tmp_path / "map.png"
    drawn.write_bytes(b"\x89PNG drawn")
    vectors = record.vectors.assign(empty=float("nan"), silent=None)
    run_id = log_discovery(location, replace(record, model=None, vectors=vectors, figures={"map": drawn}))
    with connected(location) as connection:
        (used,) = connection.client.get_run(run_id).inputs.dataset_inputs
    types = {column["name"]: column["type"] for column in json.loads(used.dataset.schema)["mlflow_colspec"]}
    assert (types["empty"], types["silent"]) == ("double", "string")
    assert artifact(location, run_id, "figures/map.png", tmp_path / "back").read_bytes() == b"\x89PNG drawn"


def test_a_password_in_a_url_is_not_logged(location: RegistryLocation, record: DiscoveryRecord, tmp_path: Path) -> None:
    settings_of_run = {
        "sources": [{"url": "postgresql://ana:s3cret@db:5432/crm"}],
        "registry": {"uri": "http://ana:s3@cret@mlflow:5000", "odd": "http://ana:12#s3/cret@mlflow:5000"},
        "title": "9:30 http://x/a:b@c http://x:80/a@b",
    }
    parameters = flattened(settings_of_run)
    run_id = log_discovery(location, replace(record, model=None, settings=settings_of_run, parameters=parameters))
    stored = artifact(location, run_id, "settings.yaml", tmp_path / "back").read_text()
    with connected(location) as connection:
        params = connection.client.get_run(run_id).data.params
    assert "cret" not in stored + str(params)
    assert params["registry.uri"] == params["registry.odd"] == "http://ana:***@mlflow:5000"
    assert yaml.safe_load(stored)["title"] == settings_of_run["title"]
