"""Registration: the model that a run logged becomes a version of the registered model."""

from __future__ import annotations

import json
from typing import Any

from registry.connection import Connection, RegistryLocation, connected
from registry.limits import DESCRIPTION_LIMIT, TAG_LIMIT
from registry.versions.entities import (
    AS_OF,
    COUNT,
    DIGEST,
    LINEAGE,
    SEGMENTS,
    SUCCEEDS,
    VERDICT,
    all_versions,
    load_package,
    quotable,
)
from segment_model.errors import RegistryError, counted
from segment_model.model import SegmentModel

NOTE = "mlflow.note.content"


def register(location: RegistryLocation, run_id: str) -> str:
    """Register the model that a run logged, and return its version; a run that is registered keeps its version.

    First the model is fetched back and its digest verified, so that no version is registered that cannot be served.
    The version is described as the run is, and the name of the run then begins with it: "v3 · 7 segments".

    Raises
    ------
    RegistryError
        If the run did not finish or logged no model.
    ArtefactError
        If the stored model is not complete.
    """
    with connected(location) as connection:
        client, name = connection.client, location.model_name
        run = client.get_run(run_id)
        logged = _logged_model(connection, run)
        model = load_package(connection, logged.artifact_location, logged.tags[DIGEST])
        if not client.search_registered_models(f"name = '{quotable(name)}'"):
            connection.made_once(lambda: client.create_registered_model(name))
        known = [version for version in all_versions(connection) if version.run_id == run_id]
        if known:
            _name_run(connection, run, str(known[0].version))
            return str(known[0].version)
        made = client.create_model_version(
            name,
            source=logged.artifact_location,
            run_id=run_id,
            model_id=logged.model_id,
            description=run.data.tags.get(NOTE, "")[:DESCRIPTION_LIMIT],
            tags={
                DIGEST: model.digest,
                SEGMENTS: json.dumps(model.ids, ensure_ascii=False),
                COUNT: str(len(model.ids)),
                **_lineage_tags(model),
                **_verdict_tag(model),
                **({AS_OF: str(model.provenance[AS_OF])} if AS_OF in model.provenance else {}),
            },
        )
        _name_run(connection, run, str(made.version))
        return str(made.version)


def _name_run(connection: Connection, run: Any, version: str) -> None:
    """Put the version before the name of its run, unless it stands there already."""
    name, beginning = str(run.info.run_name), f"v{version} · "
    if not name.startswith(beginning):
        connection.client.update_run(run.info.run_id, name=f"{beginning}{name}")


def _lineage_tags(model: SegmentModel) -> dict[str, str]:
    """The tags that say which model a version continues; none for a first model."""
    lineage = model.provenance.get("lineage")
    return {SUCCEEDS: lineage["incumbent"], LINEAGE: lineage["summary"][:TAG_LIMIT]} if lineage else {}


def _verdict_tag(model: SegmentModel) -> dict[str, str]:
    """The tag with the verdict of the discovery; none for a model without a verdict."""
    verdict = model.provenance.get("verdict")
    return {VERDICT: verdict["verdict"]} if verdict else {}


def _logged_model(connection: Connection, run: Any) -> Any:
    """The complete model that a finished run logged, as MLflow's `LoggedModel`.

    Raises
    ------
    RegistryError
        If the run did not finish, or logged no model.
    """
    run_id = run.info.run_id
    if run.info.status != "FINISHED":
        raise RegistryError(f"the run {run_id} is {run.info.status}, so its model may be incomplete: discover again")
    model_ids = [output.model_id for output in run.outputs.model_outputs] if run.outputs else []
    models = [connection.client.get_logged_model(model_id) for model_id in model_ids]
    ready = [model for model in models if model.status.value == "READY"]
    if len(ready) != 1:
        raise RegistryError(
            f"the run {run_id} logged {counted(len(ready), 'finished model')}; expected 1: nothing can be registered"
        )
    return ready[0]
