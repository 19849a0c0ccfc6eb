"""The map of customers: a scatter plot in two dimensions on which similar customers lie near each other."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from reporting.colours import NOBODY, colour_of, colour_ranks
from reporting.pictures.drawing import INK, blank, lettering, marker_of, outlined, spread
from reporting.pictures.picture import Picture
from segment_model.encoding.encoder import Floats
from training.discovery.discovery import Discovery
from training.evaluation.map_layout import BY_UMAP, MapLayout

UNASSIGNED = "unassigned"
MANY = 500  # more customers than this get smaller dots


def customer_map(discovery: Discovery) -> Figure:
    """A scatter plot of a sample of the customers, coloured by segment, with the segments' names."""
    layout = discovery.map_layout
    figure = _blank_map(layout, discovery.profile.customers)
    axes = figure.subplots()
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color(NOBODY)
    labels, size = discovery.labels[layout.rows], 16 if len(layout.rows) > MANY else 26
    handles: list[Line2D] = []
    names: list[Text] = []
    ranks = colour_ranks(discovery.model.ids)
    for position in (*range(len(ranks)), -1):
        rank = ranks[position] if position >= 0 else -1
        members = labels == position
        if not members.any():
            continue
        name = UNASSIGNED if position < 0 else discovery.model.cards[position].name
        _draw_dots(axes, layout.positions[members], rank, size)
        handles.append(_legend_entry(name, rank, float(np.mean(discovery.labels == position))))
        if position >= 0:
            across, up = _name_position(layout.positions, layout.positions[members])
            words = lettering(name, 20, 4)
            names.append(axes.text(across, up, words, ha="center", va="center", path_effects=outlined(3)))
    _draw_legend(figure, handles)
    for text in names:
        text.set(fontsize=8.5, fontweight="bold", color=INK)
    axes.margins(0.08)
    spread(axes, names)
    return figure


def _blank_map(layout: MapLayout, customers: int) -> Figure:
    drawn = len(layout.rows)
    sample = f"a sample of {drawn:,} of {customers:,}" if drawn < customers else "all"
    of_umap = ": neighbourhoods mean something, directions and distances between islands do not"
    how = of_umap if layout.method == BY_UMAP else ""
    return blank(
        9.2,
        7.2,
        "Map of customers",
        f"Each dot is a customer ({sample}); customers who are alike lie near each other. Drawn by "
        f"{layout.method}{how}.",
    )


def _draw_dots(axes: Axes, positions: Floats, rank: int, size: int) -> None:
    axes.scatter(
        positions[:, 0],
        positions[:, 1],
        s=size,
        color=colour_of(rank),
        marker=marker_of(rank),
        alpha=0.85 if rank >= 0 else 0.7,
        linewidths=0.3,
        edgecolors="white",
    )


def _legend_entry(name: str, rank: int, share: float) -> Line2D:
    label = f"{lettering(name, 34)} ({100 * share:.1f} %)"
    return Line2D([], [], ls="", marker=marker_of(rank), color=colour_of(rank), label=label, markersize=7)


def _draw_legend(figure: Figure, handles: list[Line2D]) -> None:
    columns = min(3, len(handles))
    figure.legend(handles=handles, loc="outside lower left", ncols=columns, frameon=False, fontsize=8.5, labelcolor=INK)


def _name_position(everyone: Floats, own: Floats) -> tuple[float, float]:
    """The position of a segment's name: on its median, or above a segment so small that the name would cover it."""
    across, up = np.median(own, axis=0)
    whole = np.maximum(np.ptp(everyone, axis=0), 1e-9)
    island = (np.quantile(own, 0.95, axis=0) - np.quantile(own, 0.05, axis=0)) / whole
    if island[0] < 0.2 and island[1] < 0.2:
        up = np.quantile(own[:, 1], 0.98) + 0.045 * whole[1]
    return float(across), float(up)


CUSTOMER_MAP = Picture(
    "customer_map",
    customer_map,
)
