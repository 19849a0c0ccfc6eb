"""A beeswarm of Shapley values for each segment: why its customers are in it rather than in the runner-up."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure

from reporting.colours import NOBODY, colour_of, colour_ranks
from reporting.pictures.drawing import FAINT, INK, blank, lettering, quiet, swarm
from reporting.pictures.picture import Picture
from training.discovery.discovery import Discovery
from training.profiling.segment_contributions import ColumnContributions, sample_segments, strongest_contributions

REASONS_SHOWN = 6
LOW_TO_HIGH = LinearSegmentedColormap.from_list("low to high", ["#1E88E5", "#8E4FA8", "#E0245E"])


def contributions_beeswarm(discovery: Discovery) -> Figure:
    """Why customers are in their segment and not in the next one: Shapley values of the chosen model, by segment."""
    cards = discovery.model.cards
    across = 2 if len(cards) > 1 else 1
    down = math.ceil(len(cards) / across)
    most = min(REASONS_SHOWN, sum(column.name in cards[0].medians for column in discovery.contract.basis))
    figure = blank(
        10.4,
        1.3 + down * (0.95 + 0.34 * max(most, 2)),
        "Why customers are in their segment",
        "Each dot is a customer. To the right, the column speaks for the segment, to the left for the runner-up; the "
        "strongest columns come first. Blue is a low value of the column among all customers, red a high one, grey a "
        "category or an unknown value.",
    )
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes in panels[len(cards) :]:
        axes.set_axis_off()
    ranks = colour_ranks(discovery.model.ids)
    samples = sample_segments(discovery.labels, len(cards))
    for position, (axes, rows) in enumerate(zip(panels, samples, strict=False)):
        name = lettering(cards[position].name, 40, 2)
        quiet(axes).set_title(name, loc="left", fontsize=9.5, fontweight="bold", color=INK)
        axes.spines["bottom"].set(color=colour_of(ranks[position]), linewidth=3)
        if not len(rows):
            axes.set_axis_off()
            continue
        shown = tuple(cards[0].medians)
        _draw_reasons(axes, strongest_contributions(discovery.model, discovery.frame, rows, shown, most))
    return figure


def _draw_reasons(axes: Axes, columns: list[ColumnContributions]) -> None:
    """One line of dots for each column, the strongest on top."""
    for line, column in enumerate(columns):
        colours = np.full(len(column.ranks), NOBODY, dtype=object)
        known = ~np.isnan(column.ranks)
        colours[known] = [to_hex(LOW_TO_HIGH(rank)) for rank in column.ranks[known]]
        heights = line + swarm(column.contributions, 0.38)
        axes.scatter(column.contributions, heights, s=9, c=list(colours), linewidths=0, zorder=3)
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
    axes.grid(axis="y", color="#ECEEF1")
    axes.set(ylim=(len(columns) - 0.4, -0.6), yticks=range(len(columns)))
    axes.set_yticklabels([lettering(entry.column.title, 26, 2) for entry in columns])
    axes.margins(x=0.05)
    axes.set_xlabel("◂ speaks for the runner-up      speaks for this segment ▸", fontsize=8, color=FAINT)


CONTRIBUTIONS_BEESWARM = Picture(
    "contributions_beeswarm",
    contributions_beeswarm,
)
