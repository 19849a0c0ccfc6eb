"""The map of customers: a scatter plot in two dimensions on which similar customers lie near each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reporting.charts.line_chart import spaced
from reporting.colours import NOBODY, colour_of, colour_ranks
from reporting.pictures.drawing import INK, blank, lay_out, lettering, marker_of, outlined
from reporting.pictures.picture import Picture
from segment_model.encoding.encoder import Floats
from training.discovery.discovery import Discovery
from training.evaluation.map_layout import BY_UMAP, MapLayout

UNASSIGNED = "unassigned"
MANY = 500  # more customers than this get smaller dots
LETTERS, LINES = 20, 4  # of a name beside the map
MOST_BESIDE = 14  # segments; the lines to more of them are a tangle
PAD = 6  # points between two names, and between a name and its line


def customer_map(discovery: Discovery) -> Figure:
    """A scatter plot of a sample of the customers, coloured by segment; the segments' names stand beside it.

    Of many segments the names stand below it, in a legend of the colours.
    """
    layout = discovery.map_layout
    figure = _blank_map(layout, discovery.profile.customers)
    axes = figure.subplots()
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color(NOBODY)
    labels, size = discovery.labels[layout.rows], 16 if len(layout.rows) > MANY else 26
    ranks = colour_ranks(discovery.model.ids)
    shown = [position for position in range(len(ranks)) if np.any(labels == position)]
    below: list[Line2D] = []
    names: list[_Name] = []
    for position in (*shown, -1):
        members = labels == position
        if not members.any():
            continue
        rank = ranks[position] if position >= 0 else -1
        name = UNASSIGNED if position < 0 else discovery.model.cards[position].name
        share = f"({100 * float(np.mean(discovery.labels == position)):.1f} %)"
        _draw_dots(axes, layout.positions[members], rank, size)
        if position >= 0 and len(shown) <= MOST_BESIDE:
            words = "\n".join([lettering(name, LETTERS, LINES), share])
            names.append(_Name(words, colour_of(rank), *np.median(layout.positions[members], axis=0)))
        else:
            below.append(_legend_entry(f"{lettering(name, 34)} {share}", rank))
    if below:
        _draw_legend(figure, below)
    axes.margins(0.04)
    _draw_names(figure, axes, names)
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


def _legend_entry(words: str, rank: int) -> Line2D:
    return Line2D([], [], ls="", marker=marker_of(rank), color=colour_of(rank), label=words, markersize=7)


def _draw_legend(figure: Figure, handles: list[Line2D]) -> None:
    columns = min(3, len(handles))
    figure.legend(handles=handles, loc="outside lower left", ncols=columns, frameon=False, fontsize=8.5, labelcolor=INK)


@dataclass(frozen=True, slots=True)
class _Name:
    """A segment's name, its colour, and the medians of its customers on the map."""

    words: str
    colour: str
    across: float
    up: float


def _draw_names(figure: Figure, axes: Axes, names: Sequence[_Name]) -> None:
    """Names left and right of the dots, none on another, each with a line to the middle of its segment."""
    in_order = sorted(names, key=lambda name: name.across)
    sides = (in_order[: len(names) // 2], in_order[len(names) // 2 :])
    columns = []
    for side, edge, own in zip(("left", "right"), (0.005, 0.995), sides, strict=True):
        own.sort(key=lambda name: name.up)
        columns.append([
            axes.text(edge, 0.5, name.words, ha=side, va="center", multialignment=side, transform=axes.transAxes,
                      fontsize=8.5, fontweight="bold", color=INK)
            for name in own
        ])  # fmt: skip
    lay_out(figure)
    frame, pad = axes.get_window_extent(), PAD * figure.dpi / 72
    boxes = [[text.get_window_extent() for text in column] for column in columns]
    margins = [max((box.width + 3 * pad for box in own), default=0.0) / frame.width for own in boxes]
    low, high = axes.get_xlim()
    whole = (high - low) / (1 - sum(margins))
    axes.set_xlim(low - margins[0] * whole, high + margins[1] * whole)
    bottom, top = axes.get_ylim()
    for direction, own, column, extents in zip((1, -1), sides, columns, boxes, strict=True):
        height = max((box.height + pad for box in extents), default=0.0) / frame.height
        middles = _middles([(name.up - bottom) / (top - bottom) for name in own], height)
        for name, text, box, middle in zip(own, column, extents, middles, strict=True):
            text.set_y(middle)
            start = text.get_position()[0] + direction * (box.width + pad / 2) / frame.width
            axes.annotate(
                "", (name.across, name.up), (start, middle), textcoords="axes fraction",
                arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0,
                            "path_effects": outlined(2)},
            )  # fmt: skip
            axes.plot(name.across, name.up, marker="o", markersize=5, color=name.colour, markeredgecolor=INK)


def _middles(wanted: Sequence[float], height: float) -> list[float]:
    """Ascending places of 0 to 1 for the middles of names of one height, as near to the wanted ones as fit."""
    room = max(1 - height, 1e-9)
    inside = [100 * min(max((place - height / 2) / room, 0.0), 1.0) for place in wanted]
    apart = spaced(inside, min(100 * height / room, 100 / max(len(wanted) - 1, 1)))
    return [height / 2 + room * place / 100 for place in apart]


CUSTOMER_MAP = Picture(
    "customer_map",
    customer_map,
)
