"""The picture of a report's first screen says what is missing where it cannot be made."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments import report_picture
from segment_model.errors import SourceError


def test_without_chromium_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(report_picture, "PROGRAMS", ())
    with pytest.raises(SourceError, match="no Chromium is installed: apt-get install chromium"):
        report_picture.take_picture(tmp_path / "report.html", tmp_path / "report.png")


def test_the_picture_is_as_large_as_asked(tmp_path: Path, needed: Callable[..., Any]) -> None:
    present = [program for program in report_picture.PROGRAMS if shutil.which(program)]
    needed(present or None, "no Chromium is installed (apt-get install chromium)")
    (tmp_path / "page.html").write_text("<!doctype html><title>t</title><p>words</p>", encoding="utf-8")
    report_picture.take_picture(tmp_path / "page.html", tmp_path / "page.png", 320, 200)
    header = (tmp_path / "page.png").read_bytes()[:24]
    assert header[:4] == b"\x89PNG"
    assert struct.unpack(">II", header[16:]) == (320, 200)
