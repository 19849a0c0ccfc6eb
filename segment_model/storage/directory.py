"""A saved model: a directory of JSON and arrays, listed with their digests in a manifest; no pickle anywhere.

    manifest.json    format version, sha256 of every other file, the digest of the whole
    model.json       everything that is not an array
    arrays/*.npy     the arrays

The digest is checked, and every file accounted for, before anything is constructed. To change the format, follow
docs/decisions/0001-saved-model.md.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segment_model.errors import ArtefactError, NewerFormatError

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
DOCUMENT = "model.json"
ARRAYS = "arrays"


def digest_of(files: Mapping[str, bytes]) -> str:
    """sha256 over the names and contents of files, whatever their order: "sha256:…"."""
    return _digest_of_sums({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})


def contents_of(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> dict[str, bytes]:
    """The files of a model, by relative name, to the byte."""
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    files = {DOCUMENT: text.encode()}
    for name, array in sorted(arrays.items()):
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
        files[f"{ARRAYS}/{name}.npy"] = buffer.getvalue()
    return files


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a model's files and manifest as one directory, whole or not at all; an older one is replaced.

    If that fails or is interrupted, the older one stays.

    Raises
    ------
    ArtefactError
        If the path holds something that is not a saved model.
    OSError
        If it cannot be written.
    """
    if path.exists() and not (path / MANIFEST).is_file():
        raise ArtefactError(f"{path} exists and is not a saved model; choose another place or remove it")
    path.parent.mkdir(parents=True, exist_ok=True)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = {"format_version": FORMAT_VERSION, "digest": _digest_of_sums(sums), "files": sums}
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".saving-") as folder:
        fresh, older = Path(folder) / "fresh", Path(folder) / "older"
        for name, content in files.items():
            target = fresh / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        (fresh / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        try:
            if path.exists():
                path.rename(older)  # deleted with the temporary folder
            fresh.rename(path)
        except BaseException:  # also Ctrl-C between the two
            if older.exists() and not path.exists():
                older.rename(path)
            raise


def read(path: Path, digest: str | None = None) -> tuple[dict[str, Any], dict[str, NDArray[Any]], str]:
    """Read and verify a model's files: its document, its arrays, its digest.

    With a `digest`, a complete model of another digest is refused too.

    Raises
    ------
    ArtefactError
        If there is no model, or another one, a newer version wrote it, a file is missing, added or changed.
    """
    manifest = _manifest(path)
    if digest not in (None, manifest["digest"]):
        raise ArtefactError(f"the stored model is {manifest['digest']}, but {digest} was registered: discover again")
    sums: dict[str, str] = manifest["files"]
    present = {str(file.relative_to(path).as_posix()) for file in path.rglob("*") if file.is_file()} - {MANIFEST}
    missing, added = sorted(sums.keys() - present), sorted(present - sums.keys())
    if missing or added:
        what = "; ".join([f"{name} is missing" for name in missing] + [f"{name} is not in it" for name in added])
        raise ArtefactError(f"the files of the model in {path} are not those of its manifest: {what}. Fetch it again.")
    strange = sorted(name for name in sums if name != DOCUMENT and not _is_array(name))
    if strange:
        raise ArtefactError(
            f"the model in {path} holds {', '.join(strange)}, which this version does not know. Fetch it again, "
            "or upgrade."
        )
    contents = {name: (path / name).read_bytes() for name in sums}
    for name, expected in sums.items():
        if hashlib.sha256(contents[name]).hexdigest() != expected:
            raise ArtefactError(f"{name} of the model in {path} was changed after it was saved. Fetch it again.")
    if _digest_of_sums(sums) != manifest["digest"]:
        raise ArtefactError(f"the manifest of the model in {path} was changed after it was saved. Fetch it again.")
    try:
        document = json.loads(contents[DOCUMENT])
        arrays = {
            name.removeprefix(f"{ARRAYS}/").removesuffix(".npy"): np.lib.format.read_array(
                io.BytesIO(content), allow_pickle=False
            )
            for name, content in contents.items()
            if name.startswith(f"{ARRAYS}/")
        }
    except (KeyError, ValueError, MemoryError, OverflowError) as error:  # a crafted header may ask for any size
        raise ArtefactError(f"the model in {path} cannot be read: {error}") from error
    return document, arrays, str(manifest["digest"])


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: Any = json.loads((path / MANIFEST).read_text())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArtefactError(f"{path} holds no saved model (no {MANIFEST})") from error
    except ValueError as error:
        raise ArtefactError(f"the manifest of the model in {path} is not valid JSON: {error}") from error
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if not isinstance(version, int):
        raise ArtefactError(f"the manifest of the model in {path} names no format version. Fetch it again.")
    if version > FORMAT_VERSION:
        raise NewerFormatError(
            f"the model in {path} has format {version}; this version reads up to {FORMAT_VERSION}. Upgrade to read it."
        )
    if not isinstance(manifest.get("files"), dict) or not isinstance(manifest.get("digest"), str):
        raise ArtefactError(f"the manifest of the model in {path} lists no files or no digest. Fetch it again.")
    return {"files": manifest["files"], "digest": manifest["digest"]}


def _is_array(name: str) -> bool:
    return name.startswith(f"{ARRAYS}/") and name.endswith(".npy")


def _digest_of_sums(sums: Mapping[str, str]) -> str:
    lines = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
    return "sha256:" + hashlib.sha256(lines.encode()).hexdigest()
