"""What people named is shown as they wrote it, also where rich would take it for markup."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from commands.terminal import progress, show_cards, show_table
from segments import SegmentLabel, SegmentModel

NAMES = ("a [/b]", "VIP [gold] customers", "[link=https://shop.example]here[/link]", "smile :smile:")


@pytest.mark.parametrize("name", NAMES)
def test_a_segments_name_is_shown_as_it_was_given(
    model: SegmentModel, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show_cards(model.with_overlay({model.ids[0]: SegmentLabel(name)}))
    assert name in capsys.readouterr().out
    card = replace(model.discovered_cards[0], sentence=f"some; typically {name}")
    show_cards(replace(model, discovered_cards=(card, *model.discovered_cards[1:])))
    assert name in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_a_table_shows_texts_as_they_are(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_table(pd.DataFrame({name: [1], "name": [name]}))
    assert capsys.readouterr().out.count(name) == 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("terminal", [True, False])
def test_progress_tells_what_it_is_told(
    name: str, terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    with progress() as (announce, step):
        announce(name)
        step(0, 2, name)
    assert capsys.readouterr().out.count(name) >= 2
