"""Generated blocks: written between their markers, and refused where a marker or a block is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from reference.__main__ import current
from reference.markdown import table
from reference.pages import filled, names_in
from segment_model.errors import SettingsError

PAGE = """# Page

<!-- generated: colours -->
| old |
<!-- end -->

Prose stays.
"""
COLOURS = table(("colour", "meaning"), [("red", "stop | wait")])


def test_a_block_is_written_between_its_markers_and_prose_stays() -> None:
    written = filled(PAGE, {"colours": COLOURS})
    assert COLOURS in written
    assert "| old |" not in written
    assert written.startswith("# Page\n")
    assert written.endswith("\nProse stays.\n")
    assert names_in(written) == ["colours"]


def test_writing_twice_changes_nothing() -> None:
    written = filled(PAGE, {"colours": COLOURS})
    assert filled(written, {"colours": COLOURS}) == written


def test_a_bar_in_a_cell_is_escaped() -> None:
    assert COLOURS.splitlines()[-1] == "| red | stop \\| wait |"


def test_what_is_not_described_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="green has no meaning"):
        table(("colour", "meaning"), [("green", "")])


def test_an_unknown_block_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SettingsError, match=r"no block 'colours'.*'colors'"):
        filled(PAGE, {"colors": COLOURS})


@pytest.mark.parametrize("marker", ["<!-- end -->", "<!-- generated: colours -->"])
def test_a_marker_without_its_counterpart_is_refused(marker: str) -> None:
    with pytest.raises(SettingsError, match="counterpart"):
        filled(PAGE.replace(marker, "", 1), {"colours": COLOURS})


def test_a_block_without_a_place_on_any_page_is_refused() -> None:
    with pytest.raises(SettingsError, match="shapes"):
        current({Path("page.md"): PAGE}, {"colours": COLOURS, "shapes": COLOURS})
