"""The notebook runs from the first cell to the last, and shows what it is stored with."""

from __future__ import annotations

import base64
from typing import Any

import nbformat
import pytest

from reference.notebook import NOTEBOOK, PLACE, executed, pictures, texts

MOST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def stored() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def now() -> Any:
    return executed()


def test_every_cell_shows_what_is_stored(stored: Any, now: Any) -> None:
    for (source, written), (_, shown) in zip(texts(stored), texts(now), strict=True):
        assert shown == written, source


def test_pictures_are_drawn(stored: Any, now: Any) -> None:
    assert len(pictures(now)) == len(pictures(stored)) == 3
    for picture in pictures(now):
        assert base64.b64decode(picture).startswith(b"\x89PNG")


def test_it_is_small_and_names_no_machine(stored: Any) -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text) < MOST_BYTES
    shown = [line for _, written in texts(stored) for line in written.splitlines()]
    assert [line for line in shown if PLACE.search(line)] == []
    assert "<script" not in text


def test_it_asks_every_part_of_the_face(stored: Any) -> None:
    source = "\n".join(source for source, _ in texts(stored))
    for call in (
        *("segments.discover(", ".labels", ".candidates", ".plot_profiles()", ".plot_ladder()", ".plot_map()"),
        *(".report(", ".log(", ".promote()", "segments.load(", ".assign(", ".explain_record("),
        *("segments.SegmentTransformer(", "make_pipeline(", "segments.discover_from("),
    ):
        assert call in source, call
