"""Loads a model: from MLflow's registry, a run or a folder."""

from __future__ import annotations

import os
from pathlib import Path

from registry.versions.addresses import fetch_address, is_address, present_tracking_uri
from segment_model.errors import ArtefactError, RegistryError
from segment_model.model import SegmentModel
from segment_model.storage.sqlite_address import anchored_address


def load(address: str | os.PathLike[str], *, tracking_uri: str | None = None) -> SegmentModel:
    """Load a model and verify its digest.

    address : "models:/NAME@champion", "models:/NAME/3", "runs:/RUN_ID/model", or the folder of a saved model.
    tracking_uri : of MLflow; by default where MLflow looks itself (`mlflow.set_tracking_uri`).

    Raises
    ------
    SegmentsError
        If there is no such model, it is not complete, or the registry does not answer.

    Examples
    --------
    >>> import segments
    >>> segments.load("no-folder")
    Traceback (most recent call last):
    segment_model.errors.ArtefactError: ...no-folder...
    """
    if not isinstance(address, str | os.PathLike) or not os.fspath(address):
        raise ArtefactError(
            f"a model's address is 'models:/NAME@champion', 'runs:/ID/model' or a folder; got {address!r}"
        )
    if tracking_uri is not None and (not isinstance(tracking_uri, str) or not tracking_uri.strip()):
        raise RegistryError(
            "tracking_uri is text such as 'sqlite:///mlflow.db' or 'http://HOST:5000', or left out to look where "
            f"MLflow does; got {tracking_uri!r:.80}"
        )
    text = os.fspath(address)
    if not is_address(text):
        return SegmentModel.load(Path(text))
    uri = present_tracking_uri() if tracking_uri is None else anchored_address(tracking_uri, Path.cwd())
    return fetch_address(text, uri)
