"""The ladder of a continuum: how surely each number of segments is found again, and how the chosen ones unite."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reporting.colours import NOBODY, colour_of, colour_ranks
from reporting.pictures.drawing import FAINT, INK, blank, quiet
from reporting.pictures.picture import Picture
from segment_model.cards import SegmentCard
from training.continuum.ladder import LEAST_RECOVERED, Ladder
from training.continuum.unions import Union
from training.discovery.discovery import Discovery


def ladder_plot(discovery: Discovery) -> Figure:
    """Each number of segments with its recovery; beside it, if the finest was chosen, the unions of its segments."""
    ladder, unions = discovery.ladder or Ladder((), None), discovery.unions
    rows = max(3, len(ladder.rungs))
    figure = blank(
        9.2,
        1.7 + 0.3 * rows,
        "How finely these customers can be divided",
        "Customers were drawn again. The similarity of the least steady segment, with its 90 % interval, must reach "
        f"{LEAST_RECOVERED}. Filled: found again; hollow: not; cross: prediction strength; the ring is the choice.",
    )
    panels = figure.subplots(1, 2 if unions else 1, sharey=bool(unions), squeeze=False)[0]
    _draw_recovery(quiet(panels[0]), ladder, discovery.choice.chosen)
    if unions:
        _draw_unions(quiet(panels[1]), ladder, unions, discovery.model.cards)
    panels[0].set(ylim=(len(ladder.rungs) - 0.4, -0.9), ylabel="segments")
    panels[0].set_yticks(range(len(ladder.rungs)), [rung.label for rung in ladder.rungs])
    return figure


def _draw_recovery(axes: Axes, ladder: Ladder, chosen: int) -> None:
    axes.set_title("found again", loc="left", fontsize=9.5, color=INK)
    axes.plot([LEAST_RECOVERED] * 2, [-0.5, len(ladder.rungs) - 0.5], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
    for row, rung in enumerate(ladder.rungs):
        colour = colour_of(0) if rung.steady else NOBODY
        axes.plot([rung.lower, rung.upper], [row, row], color=colour, linewidth=2, zorder=2)
        axes.scatter(
            rung.recovered, row, s=44, facecolor=colour if rung.steady else "white", edgecolor=colour, zorder=3
        )
        axes.scatter(rung.prediction_strength, row, s=18, marker="x", linewidth=1, color=FAINT, zorder=2)
        if rung.position == chosen:
            axes.scatter(rung.recovered, row, s=170, facecolor="none", edgecolor=INK, linewidth=1.6, zorder=4)
    axes.set_xlim(-0.02, 1.04)


def _draw_unions(axes: Axes, ladder: Ladder, unions: Sequence[Union], cards: Sequence[SegmentCard]) -> None:
    """A bar a union row: blocks are the chosen segments, wide by their share; a frame goes around each union."""
    axes.set_title("the chosen segments, united", loc="left", fontsize=9.5, color=INK)
    shares, ranks = [card.share for card in cards], colour_ranks([card.id for card in cards])
    order = sorted(range(len(shares)), key=lambda segment: [union.members[segment] for union in unions])
    rows = {rung.segments: row for row, rung in enumerate(ladder.rungs) if not rung.has_top or rung is ladder.chosen}
    alone = tuple(range(len(shares)))
    for segments, members in [*((union.segments, union.members) for union in unions), (len(shares), alone)]:
        left, row, starts = 0.0, rows[segments], dict[int, float]()
        for segment in order:
            colour = colour_of(ranks[segment])
            axes.add_patch(Rectangle((left, row - 0.3), shares[segment], 0.6, color=colour, linewidth=0))
            starts.setdefault(members[segment], left)
            left += shares[segment]
        for start in starts.values():
            axes.plot([start, start], [row - 0.34, row + 0.34], color="white", linewidth=3)
    axes.set_xlim(0, 1)
    axes.set_xticks([])


LADDER_PLOT = Picture(
    "ladder",
    ladder_plot,
    lambda discovery: bool(discovery.ladder and discovery.ladder.rungs),
)
