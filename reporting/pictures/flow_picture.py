"""A Sankey diagram of how customers flow between segments of two versions: one bar a stage, one ribbon a pair."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from reporting.colours import NOBODY, colour_of, colour_ranks
from reporting.pictures.drawing import FAINT, INK, blank, lettering, outlined
from segment_model.encoding.encoder import Flags, Floats
from segment_model.errors import counted, percent
from training.incumbent.contingency import overlap
from training.succession.comparison import Comparison, Stage, count_and_share

BAR = 0.035  # of the distance between two stages
GAP = 0.025  # of all customers, between two segments
LEAST_LABELLED = 0.015  # of all customers; a thinner ribbon carries no number
STAYS, GOES = 0.22, 0.72  # how opaque a ribbon is


@dataclass(frozen=True)
class Block:
    """A segment's part of the bar of its stage: its ends, in shares of all customers, from the top down."""

    position: int
    top: float
    bottom: float


def flow_picture(comparison: Comparison) -> Figure:
    """The flow through two stages (old and new model), or through three, of which the first is the earlier vectors.

    A segment has the same colour in all stages that have its id; ribbons between two segments are less transparent.
    """
    stages, columns = comparison.stages, len(comparison.stages)
    rows = max(len(stage.shown) for stage in stages)
    figure = blank(
        6.4 + 2.6 * columns,
        1.5 + 0.78 * max(4, rows),
        "Where the customers went",
        f"{counted(comparison.customers, 'customer')}. Pale: they stay in their segment. Strong: they change it. "
        f"Reassigned by the new model, nothing else having changed: {count_and_share(comparison.reassigned)}.",
    )
    axes = figure.subplots()
    axes.set_axis_off()
    colours = _colours(stages)
    bars = [_blocks(stage, stages) for stage in stages]
    for column, (left, right) in enumerate(pairwise(stages)):
        _draw_ribbons(axes, column, left, right, bars[column], bars[column + 1], colours)
    for column, (stage, blocks) in enumerate(zip(stages, bars, strict=True)):
        _draw_bar(axes, column, columns, stage, blocks, colours)
    for column, flags in enumerate(_between(comparison)):
        what = "changed by themselves" if columns == 3 and column == 0 else "changed by the new model"
        axes.text(
            column + 0.5, -0.115, f"{what}\n{count_and_share(flags)}", ha="center", va="bottom", fontsize=9, color=FAINT
        )
    lowest = max(block.bottom for blocks in bars for block in blocks)
    axes.set(xlim=(-0.85, columns - 1 + 0.85), ylim=(lowest + 0.02, -0.2))
    return figure


def _between(comparison: Comparison) -> list[Flags]:
    moved = comparison.moved
    return [comparison.reassigned] if moved is None else [moved, comparison.reassigned]


def _colours(stages: tuple[Stage, ...]) -> dict[str, str]:
    """A colour for each segment id of any stage; the unassigned are grey."""
    ids = dict.fromkeys(segment_id for stage in stages for segment_id in stage.ids if segment_id)
    return {"": NOBODY} | {own: colour_of(rank) for own, rank in zip(ids, colour_ranks(list(ids)), strict=True)}


def _blocks(stage: Stage, stages: tuple[Stage, ...]) -> list[Block]:
    """The blocks of a stage from the top down: in the order of the earliest stage with the id, the unassigned last."""
    ids = dict.fromkeys(segment_id for other in stages for segment_id in other.ids)
    order = [*(segment_id for segment_id in ids if segment_id), ""]
    shown = sorted(stage.shown, key=lambda position: order.index(stage.ids[position]))
    heights = stage.sizes[shown] / len(stage.segment)
    tops = np.concatenate([[0.0], np.cumsum(heights + GAP)])
    return [Block(p, top, top + height) for p, top, height in zip(shown, tops, heights, strict=False)]


def _draw_bar(
    axes: Axes, column: int, columns: int, stage: Stage, blocks: list[Block], colours: dict[str, str]
) -> None:
    axes.text(column, -0.025, stage.title, ha="center", va="bottom", fontsize=10, fontweight="bold", color=INK)
    for block in blocks:
        height, middle = block.bottom - block.top, (block.top + block.bottom) / 2
        colour = colours[stage.ids[block.position]]
        axes.add_patch(Rectangle((column - BAR, block.top), 2 * BAR, height, color=colour, linewidth=0, zorder=3))
        size = int(stage.sizes[block.position])
        count = f"{size:,} ({percent(size / len(stage.segment))})"
        if column in (0, columns - 1):
            side = -1 if column == 0 else 1
            axes.text(
                column + side * 0.06, middle, f"{lettering(stage.names[block.position], 30, 2)}\n{count}",
                ha="right" if side < 0 else "left", va="center", fontsize=8.5, color=INK, linespacing=1.2,
            )  # fmt: skip
        else:
            axes.text(
                column, middle, f"{size:,}", ha="center", va="center", fontsize=8, color=INK, path_effects=outlined()
            ).set_zorder(5)


def _draw_ribbons(
    axes: Axes,
    column: int,
    left: Stage,
    right: Stage,
    sources: list[Block],
    targets: list[Block],
    colours: dict[str, str],
) -> None:
    """Ribbons leave and arrive in the order of the blocks, so that as few as possible cross."""
    counts = overlap(left.segment, right.segment, (len(left.ids), len(right.ids))) / len(left.segment)
    arrived = {block.position: block.top for block in targets}
    for source in sources:
        top = source.top
        for target in targets:
            height = float(counts[source.position, target.position])
            if not height:
                continue
            goal = arrived[target.position]
            stays = left.ids[source.position] == right.ids[target.position]
            x, upper = _curve(column + BAR, column + 1 - BAR, top, goal)
            lower = upper + height
            outline = np.column_stack([np.append(x, x[::-1]), np.append(upper, lower[::-1])])
            colour = colours[left.ids[source.position]]
            axes.add_patch(
                Polygon(outline, color=colour, alpha=STAYS if stays else GOES, linewidth=0, zorder=1 if stays else 2)
            )
            if height >= LEAST_LABELLED and not stays:
                axes.text(
                    column + 0.14, top + height / 2 + 0.04 * (goal - top), f"{round(height * len(left.segment)):,}",
                    ha="center", va="center", fontsize=7.5, color=INK, path_effects=outlined(2), zorder=4,
                )  # fmt: skip
            top += height
            arrived[target.position] = goal + height


def _curve(start: float, end: float, top: float, goal: float) -> tuple[Floats, Floats]:
    """A smoothstep curve from one height to another, horizontal at both ends."""
    way = np.linspace(0.0, 1.0, 60)
    return start + way * (end - start), top + (goal - top) * way**2 * (3 - 2 * way)
