"""A saved model that is not whole is refused before anything is made of it."""

from __future__ import annotations

import errno
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest

from segment_model.errors import ArtefactError
from segment_model.storage import directory
from segments import SegmentModel


@pytest.fixture
def saved(kmeans_model: SegmentModel, tmp_path: Path) -> Path:
    kmeans_model.save(tmp_path / "model")
    return tmp_path / "model"


def test_a_changed_byte_is_refused(saved: Path) -> None:
    target = saved / "arrays" / "assigner_centroids.npy"
    content = bytearray(target.read_bytes())
    content[-1] ^= 1
    target.write_bytes(bytes(content))
    with pytest.raises(ArtefactError, match=r"assigner_centroids\.npy.*was changed after it was saved"):
        SegmentModel.load(saved)


def test_a_missing_file_is_refused(saved: Path) -> None:
    (saved / "arrays" / "encoder_center.npy").unlink()
    with pytest.raises(ArtefactError, match=r"encoder_center\.npy is missing"):
        SegmentModel.load(saved)


def test_an_added_file_is_refused(saved: Path) -> None:
    (saved / "evil.pkl").write_bytes(b"cos\nsystem\n")
    with pytest.raises(ArtefactError, match=r"evil\.pkl is not in it"):
        SegmentModel.load(saved)


def test_a_newer_format_is_refused(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    (saved / "manifest.json").write_text(json.dumps(manifest | {"format_version": 99}))
    with pytest.raises(ArtefactError, match="has format 99; this version reads up to 1"):
        SegmentModel.load(saved)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format_version": 1}', "not json"])
def test_a_broken_manifest_is_refused(saved: Path, content: str) -> None:
    (saved / "manifest.json").write_text(content)
    with pytest.raises(ArtefactError, match="manifest"):
        SegmentModel.load(saved)


def test_a_changed_digest_is_refused(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    (saved / "manifest.json").write_text(json.dumps(manifest | {"digest": "sha256:0"}))
    with pytest.raises(ArtefactError, match=r"manifest of the model .* was changed"):
        SegmentModel.load(saved)


def test_content_that_nobody_knows_is_refused_by_name(kmeans_model: SegmentModel, tmp_path: Path) -> None:
    contents = dict(kmeans_model.files)
    document = json.loads(contents["model.json"])
    key = {"model.json": json.dumps(document | {"startup": "run me"}).encode()}
    array = {"arrays/evil_code.npy": contents["arrays/encoder_fill.npy"]}
    for added in (key, array):
        directory.write(tmp_path / "model", {**contents, **added})
        with pytest.raises(ArtefactError, match=r"holds (startup|evil_code), which this version does not know"):
            SegmentModel.load(tmp_path / "model")


def test_a_file_that_no_saved_model_has_is_refused_even_where_the_manifest_lists_it(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    for name in ("model.pkl", "arrays/x.pkl", "../x.npy"):
        sums = {**manifest["files"], name: hashlib.sha256(b"cos").hexdigest()}
        lines = "".join(f"{sums[file]}  {file}\n" for file in sorted(sums))
        sealed = {**manifest, "files": sums, "digest": "sha256:" + hashlib.sha256(lines.encode()).hexdigest()}
        (saved / "manifest.json").write_text(json.dumps(sealed))
        (saved / name).write_bytes(b"cos")
        with pytest.raises(ArtefactError, match=name.replace(".", r"\.")):
            SegmentModel.load(saved)
        (saved / name).unlink()


@pytest.mark.parametrize("shape", [(10**13,), (10**30,), (2**62, 4), (100,)])
def test_an_array_that_asks_for_more_than_it_holds_is_refused(
    kmeans_model: SegmentModel, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": shape})
    contents = {**kmeans_model.files, "arrays/assigner_centroids.npy": buffer.getvalue()}
    directory.write(tmp_path / "model", contents)
    with pytest.raises(ArtefactError, match="cannot be read"):
        SegmentModel.load(tmp_path / "model")


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="holds no saved model"):
        SegmentModel.load(tmp_path)


def test_saving_replaces_a_model_and_nothing_else(kmeans_model: SegmentModel, saved: Path, tmp_path: Path) -> None:
    kmeans_model.save(saved)
    assert SegmentModel.load(saved).digest == kmeans_model.digest
    other = tmp_path / "photos"
    other.mkdir()
    (other / "cat.png").write_bytes(b"meow")
    with pytest.raises(ArtefactError, match="exists and is not a saved model"):
        kmeans_model.save(other)
    assert (other / "cat.png").read_bytes() == b"meow"


@pytest.mark.parametrize(
    ("raised", "kind", "words"),
    [
        (
            OSError(errno.ENOSPC, "no space left on the device"),
            ArtefactError,
            "cannot be saved as .*/model: no space left",
        ),
        (KeyboardInterrupt(), KeyboardInterrupt, None),
    ],
)
def test_a_save_that_fails_or_is_interrupted_at_its_last_step_leaves_the_older_model(
    kmeans_model: SegmentModel,
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    kind: type[BaseException],
    words: str | None,
) -> None:
    rename = Path.rename

    def stopped(source: Path, target: Path) -> Path:
        if source.name == "fresh" and target == saved:
            raise raised
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(kind, match=words):
        kmeans_model.save(saved)
    assert SegmentModel.load(saved).digest == kmeans_model.digest
    assert [path for path in saved.parent.iterdir() if path.name.startswith(".saving-")] == []


def test_a_place_that_cannot_be_written_is_one_line_with_the_remedy(kmeans_model: SegmentModel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtefactError, match=r"as .*/file/model: File exists \(.*/file\); save it in another folder"):
        kmeans_model.save(tmp_path / "file" / "model")


def test_a_model_is_saved_in_the_home_folder_and_loaded_from_there(
    kmeans_model: SegmentModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(elsewhere)
    kmeans_model.save("~/models/champion")
    assert [*elsewhere.iterdir()] == [], "no folder of the name ~"
    assert SegmentModel.load(home / "models" / "champion") == SegmentModel.load("~/models/champion") == kmeans_model


def test_two_saves_are_the_same_bytes(kmeans_model: SegmentModel, saved: Path, tmp_path: Path) -> None:
    SegmentModel.load(saved).save(tmp_path / "again")
    for file in saved.rglob("*"):
        if file.is_file():
            assert (tmp_path / "again" / file.relative_to(saved)).read_bytes() == file.read_bytes()


def test_no_array_needs_pickle(saved: Path) -> None:
    for file in (saved / "arrays").iterdir():
        np.load(file, allow_pickle=False)
