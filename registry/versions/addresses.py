"""Fetches a model by an address as MLflow writes it: of a registered model, or of a run."""

from __future__ import annotations

import re
from typing import Any

from registry.connection import Connection, RegistryLocation, connected, load_mlflow
from registry.versions.entities import is_number, load_package
from registry.versions.versions import fetch
from segment_model.errors import RegistryError, shown
from segment_model.model import SegmentModel

REGISTERED = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")
OF_RUN = re.compile(r"runs:/(?P<run>[0-9a-fA-F]{32})(?:/model)?/?")
DIGEST_OF_RUN = "artefact_digest"  # tag of a run


def is_address(text: str) -> bool:
    """Whether a text is an address of MLflow's, not a path."""
    return text.startswith(("models:/", "runs:/"))


def present_tracking_uri() -> str:
    """Where MLflow looks by itself: `mlflow.set_tracking_uri`, the variable MLFLOW_TRACKING_URI, or its own default."""
    return str(load_mlflow().get_tracking_uri())


def fetch_address(address: str, tracking_uri: str) -> SegmentModel:
    """The model at an address, verified, with the present names of its segments where it is registered.

    address : "models:/NAME@ALIAS", "models:/NAME/VERSION" or "runs:/RUN_ID/model".

    Raises
    ------
    RegistryError
        If there is no such model, or the registry does not answer.
    ArtefactError
        If the stored model is not complete.
    """
    if registered := REGISTERED.fullmatch(address):
        location, alias = RegistryLocation(tracking_uri, registered["name"]), registered["alias"]
        if alias and is_number(alias):
            raise RegistryError(f"{shown(address)} names an alias that is a number; write models:/NAME/{alias}")
        return fetch(location, alias or registered["version"]).model
    if of_run := OF_RUN.fullmatch(address):
        with connected(RegistryLocation(tracking_uri)) as connection:
            return load_package(connection, *_package_of(connection, of_run["run"]))
    raise RegistryError(
        f"{shown(address)} is no address of a model; write models:/NAME@champion, models:/NAME/3 or runs:/RUN_ID/model"
    )


def _package_of(connection: Connection, run_id: str) -> tuple[str, str]:
    """The address and the digest of a run's model.

    Raises
    ------
    RegistryError
        If there is no such run, or it logged no model of ours.
    """
    run: Any = connection.client.get_run(run_id)
    digest = run.data.tags.get(DIGEST_OF_RUN)
    logged = run.outputs.model_outputs if run.outputs else ()
    if digest is None or not logged:
        raise RegistryError(f"the run {run_id} has logged no segment model; name a run of `segments discover`")
    return str(connection.client.get_logged_model(logged[0].model_id).artifact_location), str(digest)
