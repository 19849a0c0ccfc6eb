"""A heatmap of columns by segments: what is typical of each segment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from reporting.colours import colour_of, colour_ranks
from reporting.pictures.drawing import FAINT, INK, blank, lettering, quiet
from reporting.pictures.picture import Picture
from reporting.tables import bare_value, shown_columns, titled
from segment_model.contract import Column, Role
from training.discovery.discovery import Discovery
from training.profiling.rare_levels import with_rare_levels_pooled
from training.profiling.segment_effects import segment_effects
from training.profiling.typical_values import typical_value

WIDEST = 15  # letters of a line of a cell, which has two
STRONGEST = 1.6  # standard deviations at which the heatmap's colours end


def profile_heatmap(discovery: Discovery) -> Figure:
    """The heatmap: its colours are the differences from all customers, its texts the segments' typical values."""
    columns, cards = shown_columns(discovery), discovery.model.cards
    columns = tuple(sorted(columns, key=lambda column: column.role is Role.DESCRIPTOR))
    effects = segment_effects(discovery.frame, columns, discovery.labels, cards)
    width = 3.2 + 1.12 * (len(cards) + 1)
    figure = blank(
        max(7.0, width),
        1.9 + 0.34 * len(columns),
        "What is typical of each segment",
        "Medians, or the commonest level; colours compare all of a segment's customers with everyone. Red: higher, or "
        f"a level commoner here; blue: lower or rarer; white: alike.{_below_the_line(columns)}",
    )
    pooled = with_rare_levels_pooled(discovery.frame, columns)
    axes = quiet(figure.subplots())
    axes.imshow(effects, cmap="RdBu_r", vmin=-STRONGEST, vmax=STRONGEST, aspect="auto")
    for row, column in enumerate(columns):
        for place, card in enumerate(cards):
            dark = abs(effects[row, place]) > 1.0
            axes.text(place, row, _cell(card.medians[column.name], column), ha="center", va="center", fontsize=7.5,
                      color="white" if dark else INK)  # fmt: skip
        everyone = typical_value(pooled[column.name], column)
        axes.text(len(cards), row, _cell(everyone, column), ha="center", va="center", fontsize=7.5, color=FAINT)
    bases = sum(column.role is Role.BASIS for column in columns)
    if 0 < bases < len(columns):
        axes.axhline(bases - 0.5, color=INK, linewidth=1.2)
    axes.set_xlim(-0.5, len(cards) + 0.5)
    axes.set_xticks(range(len(cards) + 1), [*(lettering(card.name, 17, 4) for card in cards), "everyone"])
    axes.xaxis.tick_top()
    ranks = colour_ranks([card.id for card in cards])
    for position, tick in enumerate(axes.get_xticklabels()):
        tick.set(fontsize=7.5, fontweight="bold", color=INK if position < len(cards) else FAINT)
        if position < len(cards):
            axes.plot([position - 0.46, position + 0.46], [-0.5, -0.5], color=colour_of(ranks[position]), linewidth=5,
                      solid_capstyle="butt", clip_on=False, zorder=5)  # fmt: skip
    axes.set_yticks(range(len(columns)), [lettering(titled(column), 44, 1) for column in columns])
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks(np.arange(len(cards) + 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(columns)) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1)
    axes.tick_params(which="minor", length=0)
    return figure


def _below_the_line(columns: Sequence[Column]) -> str:
    """What the line between columns of two roles means; empty where all have one."""
    both = {column.role for column in columns} >= {Role.BASIS, Role.DESCRIPTOR}
    return " Below the line: columns that only describe, and do not shape, segments." if both else ""


def _cell(typical: float | str | None, column: Column) -> str:
    """A typical value in the width of a cell: a long text has two lines, a long number is written in powers of ten."""
    text = bare_value(typical, column)
    if len(text) > WIDEST and isinstance(typical, float):
        text = f"{typical:.3g}"  # a number that is cut reads as another one
    return lettering(text, WIDEST, 2)


PROFILE_HEATMAP = Picture(
    "profile_heatmap",
    profile_heatmap,
)
