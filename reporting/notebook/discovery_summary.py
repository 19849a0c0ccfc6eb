"""A discovery at a glance: verdict, cards, other divisions and the map."""

from __future__ import annotations

from collections.abc import Sequence

from reporting.charts.map_chart import map_chart
from reporting.colours import NOBODY, PALETTE, colour_ranks
from reporting.content.of_discovery import map_content
from reporting.rendering import render
from segment_model.cards import SegmentCard
from segment_model.display.shown_table import ShownTable
from segment_model.errors import counted, percent
from training.discovery.discovery import Discovery
from training.evaluation.map_layout import lay_out_by_components

HEADINGS = ("segment", "customers", "share", "typically", "id")


def discovery_text(discovery: Discovery, notes: Sequence[str] = ()) -> str:
    """A table of text for a terminal."""
    return _cards(
        discovery.model.cards, discovery.verdict.sentence, discovery.other_divisions, len(discovery.labels), notes
    ).text


def discovery_html(discovery: Discovery, notes: Sequence[str] = ()) -> str:
    """HTML for a notebook, without script; the map is of principal components, which a notebook need not wait for."""
    table = _cards(
        discovery.model.cards, discovery.verdict.sentence, discovery.other_divisions, len(discovery.labels), notes
    )
    layout = lay_out_by_components(discovery.points, discovery.labels)
    ranks = colour_ranks(discovery.model.ids)
    return render(
        "notebook_discovery.html",
        table=table.html,
        islands=map_chart(map_content(layout, discovery.labels)),
        colours=[PALETTE[rank % len(PALETTE)] for rank in ranks],
        nobody=NOBODY,
        names=discovery.model.names,
        method=layout.method,
    )


def _cards(
    cards: Sequence[SegmentCard], verdict: str, other_divisions: str, customers: int, notes: Sequence[str]
) -> ShownTable:
    rows = [
        (
            card.name,
            f"{card.size:,}",
            percent(card.share),
            card.typically,
            card.id,
        )
        for card in cards
    ]
    title = f"{counted(len(cards), 'segment')} of {counted(customers, 'customer')}"
    return ShownTable(title, HEADINGS, rows, [text for text in (verdict, other_divisions) if text], notes)
