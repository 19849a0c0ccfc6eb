"""A silhouette plot, one blade a segment: how well separated the segments are."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reporting.colours import colour_of, colour_ranks
from reporting.pictures.drawing import FAINT, INK, blank, lettering, quiet
from reporting.pictures.picture import Picture
from segment_model.encoding.encoder import Floats
from training.discovery.discovery import Discovery
from training.evaluation.silhouettes import measure_silhouettes

GAP = 0.35  # between two blades


def silhouette_plot(discovery: Discovery) -> Figure:
    """How much nearer each customer is to the own segment than to the next one (Rousseeuw 1987), by segment."""
    measured = measure_silhouettes(discovery.points, discovery.labels)
    figure = blank(
        9.2,
        1.5 + 0.62 * max(2, len(measured.segments)),
        "How well separated the segments are",
        "Each line is a customer: to the right, clearly in the segment; near 0, on a border; left of 0, nearer to "
        "another segment. The dashed line is everyone's mean.",
    )
    axes = quiet(figure.subplots())
    if measured.silhouettes is None:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "only one segment has customers: there is nothing to compare", ha="center", color=FAINT)
        return figure
    top = 0.0
    ticks, names = [], []
    ranks = colour_ranks(discovery.model.ids)
    for position in measured.segments:
        own = np.sort(measured.silhouettes[measured.labels == position])[::-1]
        height = 1 + 3 * float(np.mean(measured.labels == position))
        _draw_blade(axes, own, top, height, colour_of(ranks[position]))
        ticks.append(top + height / 2)
        names.append(f"{lettering(discovery.model.cards[position].name, 34, 2)}\nmean {own.mean():.2f}")
        top += height + GAP
    _draw_mean(axes, discovery.judgement.silhouette, top)
    axes.set(ylim=(top, -0.75), yticks=ticks, yticklabels=names, xlabel="silhouette")
    lowest, highest = float(measured.silhouettes.min()), float(measured.silhouettes.max())
    axes.set_xlim(min(-0.1, lowest - 0.02), max(0.1, highest + 0.04))
    axes.xaxis.label.set(color=FAINT, fontsize=9)
    return figure


def _draw_blade(axes: Axes, silhouettes: Floats, top: float, height: float, colour: str) -> None:
    lines = top + (np.arange(len(silhouettes)) + 0.5) / len(silhouettes) * height
    heights = np.append(np.insert(lines, 0, top), top + height)
    axes.fill_betweenx(heights, 0, [silhouettes[0], *silhouettes, silhouettes[-1]], color=colour, linewidth=0)


def _draw_mean(axes: Axes, mean: float, bottom: float) -> None:
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.plot([mean, mean], [-0.15, bottom], color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.text(mean, -0.22, f"{mean:.2f}", ha="center", va="bottom", fontsize=8.5, color=INK)


SILHOUETTE_PLOT = Picture(
    "silhouette_plot",
    silhouette_plot,
)
