from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from features.spark.stored_table import read_stored, write_stored
from segment_model.errors import SourceError


class Written:
    """Stands for a Spark DataFrame: writes its text, or dies while it writes."""

    def __init__(self, text: str, dies: bool = False) -> None:
        self.text, self.dies = text, dies

    @property
    def write(self) -> Written:
        return self

    def parquet(self, place: str) -> None:
        folder = Path(urlsplit(place).path)
        folder.mkdir()
        (folder / "part-0.parquet").write_text(self.text[:1] if self.dies else self.text)
        if self.dies:
            raise KeyboardInterrupt


def text_of(out: Path) -> str:
    return (read_stored(out)[0] / "part-0.parquet").read_text()


def test_a_write_replaces_the_table_and_keeps_the_one_before(tmp_path: Path) -> None:
    out = tmp_path / "vectors.parquet"
    folders = [write_stored(Written(text), out, {"number": text}) for text in ("first", "second", "third")]
    assert text_of(out) == "third"
    assert read_stored(out) == (folders[2], {"number": "third"})
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert {path for path in out.iterdir() if path.is_dir()} == set(folders[1:])


@pytest.mark.parametrize("before", ["", "first"])
def test_a_driver_that_dies_leaves_the_former_table(tmp_path: Path, before: str) -> None:
    out = tmp_path / "out"
    if before:
        write_stored(Written(before), out, {})
    with pytest.raises(KeyboardInterrupt):
        write_stored(Written("second", dies=True), out, {})
    if before:
        assert text_of(out) == before
        assert len([path for path in out.iterdir() if path.is_dir()]) == 2  # the unfinished one stays beside it
    else:
        with pytest.raises(SourceError, match="holds no table"):
            read_stored(out)
    write_stored(Written("third"), out, {})
    assert text_of(out) == "third"


def test_what_is_no_table_of_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file.parquet").write_text("a file")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    for name in ("file.parquet", "mine"):
        with pytest.raises(SourceError, match="no table that Spark wrote"):
            write_stored(Written("new"), tmp_path / name, {})
    assert (tmp_path / "file.parquet").read_text() == "a file"
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == ["notes.txt"]


def test_a_damaged_pointer_is_an_error(tmp_path: Path) -> None:
    write_stored(Written("first"), tmp_path / "out", {})
    for text in ("", "[]", "{}", '{"folder": "x"}'):
        (tmp_path / "out" / "current.json").write_text(text)
        with pytest.raises(SourceError, match="damaged"):
            read_stored(tmp_path / "out")
