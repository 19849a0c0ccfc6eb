"""Log a discovery to MLflow: one run that tells everything, one nested run a candidate."""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from registry.connection import Connection, RegistryLocation, connected
from registry.model_package import write_package
from registry.records import DiscoveryRecord, Metrics
from registry.run_files import plain_settings, write_files
from segments.errors import RegistryError
from segments.model import SegmentModel

MODEL_NAME_IN_RUN = "segment_model"
SHOWN_PARAM = 500  # characters; settings.yaml holds the whole value
AT_ONCE = 100  # params, tags or metrics that MLflow takes in one request
DIGEST_SHOWN = 36  # characters that MLflow allows for a dataset's digest


def log_discovery(location: RegistryLocation, record: DiscoveryRecord) -> str:
    """Log a discovery and return its run id. Nothing is registered: that is `versions.register`.

    All files are written locally first, then sent. An exception on the way, an interrupt too, ends the runs as
    FAILED; a killed process or a server that went down leaves them RUNNING, since nobody is there to say otherwise.

    Raises
    ------
    RegistryError
        If the registry cannot be reached or refuses something, a name cannot be a file's, or the packaged model
        does not load.
    """
    with (
        tempfile.TemporaryDirectory(prefix="segments-run-") as temporary,
        connected(location, create=True) as connection,
    ):
        files = Path(temporary) / "files"
        write_files(record, files)
        experiment = connection.experiment_id()
        with _run(connection, experiment, record.name, _tags(record)) as run_id:
            _log_values(connection, run_id, flattened(plain_settings(record)), record.metrics)
            for candidate in record.candidates:
                parent = {"mlflow.parentRunId": run_id, **candidate.tags}
                with _run(connection, experiment, candidate.name, parent) as nested:
                    _log_values(connection, nested, candidate.params, candidate.metrics)
            _log_dataset(connection, run_id, record)
            connection.client.log_artifacts(run_id, str(files))
            if record.model is not None:
                _log_model(connection, run_id, experiment, record.model, record.vectors, Path(temporary) / "package")
    return run_id


def flattened(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level of dotted names: {"kmeans": {"k": 3}} -> {"kmeans.k": 3}."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            flat.update(flattened(value, f"{name}."))
        else:
            flat[name] = value
    return flat


def _tags(record: DiscoveryRecord) -> dict[str, str]:
    tags = {
        "mlflow.source.name": "segments discover",
        "data_digest": record.data_digest,
        "data_source": record.data_source,
        **{f"version.{package}": version for package, version in record.versions.items()},
        **record.tags,
    }
    if record.model is not None:
        tags["artefact_digest"] = record.model.artefact_digest
        tags["learned_digest"] = record.model.learned_digest
    return {**tags, "mlflow.note.content": record.note} if record.note else tags


@contextmanager
def _run(connection: Connection, experiment: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
    """A run that is FINISHED when the block ends, or FAILED when it does not end well."""
    client = connection.client
    run_id: str = client.create_run(experiment, run_name=name, tags=dict(tags)).info.run_id
    try:
        yield run_id
    except BaseException as error:
        with _told(connection, error, f"the run {run_id} is left RUNNING"):
            client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id, "FINISHED")


@contextmanager
def _told(connection: Connection, first: BaseException, consequence: str) -> Iterator[None]:
    """Tidying up after an error must not hide it: what the tidying could not do is noted on the first error."""
    try:
        yield
    except (connection.mlflow.exceptions.MlflowException, OSError) as second:
        first.add_note(f"{consequence}: {second}")


def _log_values(connection: Connection, run_id: str, params: Mapping[str, Any], metrics: Metrics) -> None:
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    defined = {name: float(value) for name, value in metrics.items() if value is not None and math.isfinite(value)}
    undefined = sorted(set(metrics) - set(defined))
    values: list[tuple[str, list[Any]]] = [
        ("params", [Param(name, _shown(value)) for name, value in params.items()]),
        ("metrics", [Metric(name, value, now, 0) for name, value in defined.items()]),
        ("tags", [RunTag("undefined_metrics", ", ".join(undefined))] if undefined else []),
    ]
    for kind, entries in values:
        for some in _portions(entries, AT_ONCE):
            connection.client.log_batch(run_id, **{kind: some})


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= SHOWN_PARAM else text[: SHOWN_PARAM - 1] + "…"


def _portions(values: list[Any], size: int) -> Iterable[list[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _log_dataset(connection: Connection, run_id: str, record: DiscoveryRecord) -> None:
    """Describe the customers (columns, types, counts, digest, source) without sending one of them.

    Types are read off the dtypes: MLflow's own inference looks at every value (14 s for half a million customers) and
    trips over a column without any.
    """
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.types import ColSpec, Schema

    vectors = record.vectors
    columns: list[Any] = [
        ColSpec("double" if pd.api.types.is_numeric_dtype(dtype) else "string", str(name))
        for name, dtype in vectors.dtypes.items()
    ]
    source = CodeDatasetSource({"mlflow.source.name": record.data_source})
    dataset = Dataset(
        name="customer_vectors",
        digest=record.data_digest.removeprefix("sha256:")[:DIGEST_SHOWN],
        source_type="code",
        source=source.to_json(),
        schema=json.dumps({"mlflow_colspec": Schema(columns).to_dict()}),
        profile=json.dumps({"num_rows": len(vectors), "num_elements": int(vectors.size)}),
    )
    connection.client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])


def _log_model(
    connection: Connection, run_id: str, experiment: str, model: SegmentModel, vectors: pd.DataFrame, package: Path
) -> None:
    from mlflow.entities import LoggedModelOutput

    client = connection.client
    digests = {"digest": model.digest, "learned_digest": model.learned_digest}
    logged = client.create_logged_model(experiment, name=MODEL_NAME_IN_RUN, source_run_id=run_id, tags=digests)
    identity = {
        "artifact_path": logged.artifact_location,
        "model_uuid": logged.model_id,
        "model_id": logged.model_id,
        "run_id": run_id,
    }
    try:
        write_package(model, vectors, package, identity)
        client.log_model_artifacts(logged.model_id, str(package))
        client.finalize_logged_model(logged.model_id, "READY")
        client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    except BaseException as error:
        with _told(connection, error, f"the model {logged.model_id} is left unfinished"):
            client.finalize_logged_model(logged.model_id, "FAILED")
        raise


def logged_model_of(connection: Connection, run_id: str) -> Any:
    """The finished model that a finished run logged, as MLflow's `LoggedModel`.

    Raises
    ------
    RegistryError
        If the run did not finish, or logged no model.
    """
    run = connection.client.get_run(run_id)
    if run.info.status != "FINISHED":
        raise RegistryError(f"the run {run_id} is {run.info.status}, so its model is not to be trusted: discover again")
    found = [output.model_id for output in run.outputs.model_outputs] if run.outputs else []
    models = [connection.client.get_logged_model(model_id) for model_id in found]
    ready = [model for model in models if model.status.value == "READY"]
    if len(ready) != 1:
        raise RegistryError(
            f"the run {run_id} logged {len(ready)} finished models; expected 1: nothing can be registered"
        )
    return ready[0]
