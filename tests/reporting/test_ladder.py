"""The ladder of a continuum in the report, in the run's table and as a picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from reporting.content.of_discovery import content_of_discovery
from reporting.content.report_content import ReportContent
from reporting.ladder import ladder_table
from reporting.page import html_report
from reporting.pictures.all_pictures import draw_pictures
from reporting.pictures.drawing import png
from reporting.pictures.ladder_plot import LADDER_PLOT, ladder_plot
from segments import Column, Kind, Role, VectorContract
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.evaluation.verdict import VerdictKind
from training.settings import DiscoverySettings


@pytest.fixture(scope="module")
def continuum() -> Discovery:
    """Customers along one line: nothing parts them, and any few slices are found again."""
    generator = np.random.default_rng(3)
    orders = generator.uniform(0, 100, size=500)
    frame = pd.DataFrame(
        {"orders": orders, "visits": orders + generator.normal(0, 2, size=500)},
        index=[f"c{number}" for number in range(500)],
    )
    columns = tuple(Column(name, Kind.NUMBER, Role.BASIS, "") for name in frame.columns)
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=(2, 4), starts=3),))
    return discover(frame, VectorContract(columns), settings, {})


def test_the_finest_division_is_chosen_and_the_others_are_told(continuum: Discovery) -> None:
    assert continuum.verdict.kind is VerdictKind.SLICES
    assert len(continuum.model.cards) == 4
    assert "the finest division of which every segment is found again" in continuum.choice.reason
    assert continuum.other_divisions.startswith("also steady: 2 (0.9")
    assert [rung["segments"] for rung in continuum.model.provenance["ladder"]["rungs"]] == [2, 3, 4]


def test_the_table_names_what_is_united(continuum: Discovery) -> None:
    table = ladder_table(continuum).set_index("segments")
    assert list(table.index) == [2, 3, 4]
    assert table["chosen"].tolist() == [False, False, True]
    names = continuum.model.names
    for segments in (2, 3):
        united = str(table.loc[segments, "united"])
        assert all(name in united for name in names)
        assert united.count("; ") == segments - 1
    assert table.loc[4, "united"] == ""


def test_the_page_shows_every_division(continuum: Discovery) -> None:
    page = html_report(ReportContent("t", content_of_discovery(continuum)))
    assert "<h2>How finely the customers can be divided</h2>" in page
    assert page.count("adjusted Rand index to the flat division") == 2
    assert "Also steady: 2 (0.9" in page


def test_the_picture_has_a_bar_for_every_union(continuum: Discovery) -> None:
    figure = ladder_plot(continuum)
    texts = " ".join(text.get_text() for text in figure.findobj(Text))
    assert "the chosen segments, united" in texts
    assert len(figure.axes[1].patches) == 3 * 4
    assert png(figure) == png(ladder_plot(continuum))


def test_the_champions_segments_are_no_rung(continuum: Discovery) -> None:
    """They are one more candidate, beside which every steady rung is told."""
    kept = replace(
        continuum,
        candidates=(*continuum.candidates, continuum.chosen),
        choice=replace(continuum.choice, chosen=len(continuum.candidates)),
    )
    assert kept.other_divisions.startswith("steady: 2 (0.9")


def test_distinct_groups_have_no_ladder(kmeans_discovery: Discovery) -> None:
    assert content_of_discovery(kmeans_discovery).ladder is None
    assert ladder_table(kmeans_discovery).empty
    assert not draw_pictures(kmeans_discovery, (LADDER_PLOT,)).images
