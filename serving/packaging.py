"""A SegmentModel into the BentoML model store, and a Bento around it that needs no registry."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bentoml

from segments.errors import ArtefactError
from serving.live_model import ServedModel
from serving.stored_model import read_stored, write_stored

if TYPE_CHECKING:
    from segments.model import SegmentModel

STORED_NAME = "segment_model"  # as bentofile.yaml names it
BENTOFILE = "bentofile.yaml"


def store(model: SegmentModel, name: str, version: str) -> str:
    """Put a model, with the names people gave its segments, into the BentoML model store; the tag of the entry."""
    labels = {"model_name": name, "model_version": version, "digest": model.digest.removeprefix("sha256:")[:63]}
    with bentoml.models.create(STORED_NAME, labels=labels, metadata={"digest": model.digest}) as entry:
        write_stored(Path(entry.path), model, name, version)
    return str(entry.tag)


def package(model: SegmentModel, name: str, version: str, root: Path | None = None) -> str:
    """Store the model and build the Bento of `bentofile.yaml` around it; the Bento's tag.

    `root` is the checkout, by default the one this file is in.

    Raises
    ------
    ArtefactError
        If BentoML cannot build the Bento.
    """
    context = root or Path(__file__).resolve().parent.parent
    store(model, name, version)
    try:
        with chdir(context):  # BentoML reads no file outside the current folder, whatever the build context is
            built = bentoml.bentos.build_bentofile(
                str(context / BENTOFILE),
                build_ctx=str(context),
                labels={"model_name": name, "model_version": version},
            )
    except bentoml.exceptions.BentoMLException as error:
        raise ArtefactError(f"BentoML could not build the Bento: {error}") from error
    return str(built.tag)


def packed_model(bento: Any) -> ServedModel:
    """The model that a Bento carries, verified.

    Raises
    ------
    ArtefactError
        If the Bento carries none, or not the one that was packed.
    """
    entries = [info for info in bento.info.all_models if info.tag.name == STORED_NAME]
    if len(entries) != 1:
        raise ArtefactError(f"the Bento {bento.tag} carries {len(entries)} models named {STORED_NAME}, expected one")
    folder = Path(entries[0].to_model().resolve().path)
    return read_stored(folder, source=f"Bento {bento.tag}")
