"""Log a discovery to MLflow: one run with everything."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from registry.connection import Connection, RegistryLocation, connected
from registry.runs.open_runs import log_values, noting_failure, open_run
from registry.runs.records import DiscoveryRecord
from registry.runs.run_files import CANDIDATES_SHOWN, without_passwords, write_files
from registry.versions.model_package import write_package
from segment_model.model import SegmentModel

DISCOVERY = "discovery_id"
MODEL_NAME_IN_RUN = "segment_model"
DIGEST_SHOWN = 36  # characters that MLflow allows for a dataset's digest


def log_discovery(location: RegistryLocation, record: DiscoveryRecord, files: Path | None = None) -> str:
    """Log a discovery and return its run id; `versions.registration.register` then makes a version of its model.

    All files are written locally and then sent, unless the folder `files` holds them already. An exception or an
    interrupt ends the run as FAILED. A killed process or an unreachable server leaves it RUNNING, until
    `orphans.killed_runs` ends it.

    Raises
    ------
    RegistryError
        If the registry cannot be reached or refuses something, a name cannot be a file's, or the packaged model
        does not load.
    """
    with (
        connected(location, create=True) as connection,
        tempfile.TemporaryDirectory(prefix="segments-run-") as temporary,
    ):
        if files is None:
            files = Path(temporary) / "files"
            write_files(record, files)
        experiment = connection.experiment_id()
        tags = {**_tags(record), **_shown_tables(files)}
        with open_run(connection, experiment, record.name, tags, record.began, record.ended) as run_id:
            log_values(connection, run_id, without_passwords(record.parameters), record.metrics)
            _log_dataset(connection, run_id, record)
            connection.client.log_artifacts(run_id, str(files))
            if record.model is not None:
                _log_model(connection, run_id, experiment, record.model, record.vectors, Path(temporary) / "package")
    return run_id


def finished_run(location: RegistryLocation, discovery: str) -> str | None:
    """The finished run whose tag holds this discovery id; None without one.

    Raises
    ------
    RegistryError
        If the registry cannot be reached or refuses.
    """
    with connected(location, create=True) as connection:
        query = f"tags.`{DISCOVERY}` = '{discovery}' and attributes.status = 'FINISHED'"
        runs = connection.client.search_runs([connection.experiment_id()], query, max_results=1)
        return str(runs[0].info.run_id) if runs else None


def _tags(record: DiscoveryRecord) -> dict[str, str]:
    tags = {
        "mlflow.source.name": "segments discover",
        "data_digest": record.data_digest,
        "data_source": record.data_source,
        "versions": ", ".join(f"{package} {version}" for package, version in record.versions.items()),
        **record.tags,
    }
    if record.model is not None:
        tags["artefact_digest"] = record.model.artefact_digest
        tags["learned_digest"] = record.model.learned_digest
    return {**tags, "mlflow.note.content": record.note} if record.note else tags


def _shown_tables(files: Path) -> dict[str, str]:
    """The tag by which MLflow's pages know which file is a table."""
    if not (files / CANDIDATES_SHOWN).is_file():
        return {}
    return {"mlflow.loggedArtifacts": json.dumps([{"path": CANDIDATES_SHOWN, "type": "table"}])}


def _log_dataset(connection: Connection, run_id: str, record: DiscoveryRecord) -> None:
    """Describe the customers (columns, types, counts, digest, source) without sending one of them.

    Types come from the dtypes: MLflow's own inference looks at every value (14 s for half a million customers) and
    fails on a column without values.
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
    inputs = [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])]
    connection.write_shared(lambda: connection.client.log_inputs(run_id, inputs))


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
        with noting_failure(connection, error, f"the model {logged.model_id} is left unfinished"):
            client.finalize_logged_model(logged.model_id, "FAILED")
        raise
