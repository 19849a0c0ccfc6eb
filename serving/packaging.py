"""Packs a SegmentModel into BentoML's model store and builds a Bento around it, which serves without a registry."""

from __future__ import annotations

import compileall
import re
from contextlib import chdir
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import TYPE_CHECKING, Any

import bentoml

from segment_model.errors import ArtefactError, counted
from serving.model.finished_pages import FinishedPages
from serving.model.served_model import ServedModel
from serving.model.stored_copies import read_stored, write_stored

if TYPE_CHECKING:
    from segment_model.model import SegmentModel

STORED_NAME = "segment_model"  # as bentofile.yaml names it
BENTOFILE = "bentofile.yaml"
LOCK = Path(__file__).with_name("requirements.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==[^\s;\\]+", re.MULTILINE)


def store(model: SegmentModel, name: str, version: str, pages: FinishedPages | None = None) -> str:
    """Put a model, with the names that people gave its segments and its pages, into BentoML's model store; the tag of
    the entry.
    """
    labels = {"model_name": name, "model_version": version, "digest": model.digest.removeprefix("sha256:")[:63]}
    with bentoml.models.create(STORED_NAME, labels=labels, metadata={"digest": model.digest}) as entry:
        write_stored(Path(entry.path), model, name, version, pages)
    return str(entry.tag)


def package(
    model: SegmentModel, name: str, version: str, root: Path | None = None, pages: FinishedPages | None = None
) -> str:
    """Store the model and build the Bento of `bentofile.yaml` around it, with bytecode; the Bento's tag.

    `root` is the checkout, by default the one this file is in.

    Raises
    ------
    ArtefactError
        If BentoML cannot build the Bento.
    """
    context = root or Path(__file__).resolve().parent.parent
    store(model, name, version, pages)
    try:
        with chdir(context):  # BentoML reads no file outside the current folder, whatever the build context is
            built = bentoml.bentos.build_bentofile(
                str(context / BENTOFILE),
                build_ctx=str(context),
                labels={"model_name": name, "model_version": version},
            )
    except bentoml.exceptions.BentoMLException as error:
        raise ArtefactError(f"BentoML could not build the Bento: {error}") from error
    # checked by hash: a Bento is copied about, which changes its files' times
    compileall.compile_dir(Path(built.path) / "src", quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    return str(built.tag)


@dataclass(frozen=True, slots=True)
class Weight:
    """The size of a Bento in bytes: itself with its model, and the packages that it requires, as installed here.

    packages : the number of packages. absent : those for other systems, not installed here and not counted.
    """

    bento: int
    requirements: int
    packages: int
    absent: tuple[str, ...]


def weigh(tag: str) -> Weight:
    """Measure a built Bento and the packages that its image will hold besides Python."""
    built = bentoml.bentos.get(tag)
    folders = [Path(built.path), *(Path(model.to_model().resolve().path) for model in built.info.all_models)]
    bento = sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file())
    names = dict.fromkeys(PIN.findall(LOCK.read_text(encoding="utf-8")))  # the lock may hold a pin for each Python
    sizes = {name: _installed_size(name) for name in names}
    installed = [size for size in sizes.values() if size is not None]
    return Weight(bento, sum(installed), len(installed), tuple(name for name, size in sizes.items() if size is None))


def _installed_size(name: str) -> int | None:
    """Bytes of an installed package; None where it is not installed."""
    try:
        package = distribution(name)
    except PackageNotFoundError:
        return None
    paths = (Path(str(package.locate_file(file))) for file in package.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())


def dockerfile(tag: str) -> str:
    """The Dockerfile that `bentoml containerize` hands to the container engine; no engine is needed for it.

    Raises
    ------
    ArtefactError
        If there is no such Bento.
    """
    from bentoml._internal.container import construct_containerfile  # the command's own; there is no public name

    try:
        with construct_containerfile(bentoml.bentos.get(tag), enable_buildkit=False) as (folder, name):
            return (Path(folder) / name).read_text(encoding="utf-8")
    except bentoml.exceptions.NotFound as error:
        raise ArtefactError(f"there is no Bento {tag}; `segments package` builds one") from error


def packed_model(bento: Any) -> ServedModel:
    """The model that a Bento carries, verified.

    Raises
    ------
    ArtefactError
        If the Bento carries none, or not the one that was packed.
    """
    entries = [info for info in bento.info.all_models if info.tag.name == STORED_NAME]
    if len(entries) != 1:
        raise ArtefactError(
            f"the Bento {bento.tag} carries {counted(len(entries), 'model')} named {STORED_NAME}, expected one"
        )
    folder = Path(entries[0].to_model().resolve().path)
    return read_stored(folder, source=f"Bento {bento.tag}")
