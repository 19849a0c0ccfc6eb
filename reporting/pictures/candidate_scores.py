"""The scores of every candidate, side by side."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reporting.colours import NOBODY, colour_of
from reporting.pictures.drawing import FAINT, INK, blank, lettering, quiet
from reporting.pictures.picture import Picture
from training.discovery.discovery import Discovery
from training.evaluation.selection import LEAST_STABILITY

SCORES = ("silhouette", "stability")


def candidate_scores(discovery: Discovery) -> Figure:
    """Silhouette and stability of every candidate, the refused ones hollow, the chosen one marked."""
    candidates, chosen = discovery.candidates, discovery.choice.chosen
    refused = [remark.startswith("refused") for remark in discovery.choice.remarks]
    figure = blank(
        9.2,
        1.7 + 0.34 * max(3, len(candidates)),
        "What was tried",
        "Silhouette: how well separated, at most 1. Stability: how far the segments of two halves of the customers "
        "agree, at most 1. Filled: could be chosen; hollow: refused; the ring is the choice.",
    )
    panels = figure.subplots(1, 2, sharey=True)
    for axes, score in zip(panels, SCORES, strict=True):
        _draw_panel(axes, discovery, score, refused)
    bottom = len(candidates) - 0.4
    if _unsteady(discovery, refused):
        _draw_limit(panels[1], bottom)
    panels[0].set(ylim=(bottom, -0.95))
    panels[0].set_yticks(range(len(candidates)), [lettering(c.spec.name, 42, 2) for c in candidates])
    for row, tick in enumerate(panels[0].get_yticklabels()):
        tick.set(fontweight="bold" if row == chosen else "normal", color=FAINT if refused[row] else INK)
    return figure


def _unsteady(discovery: Discovery, refused: list[bool]) -> bool:
    """Whether a refused candidate is under the least stability, which only segments without gaps need."""
    return any(
        is_refused and candidate.judgement is not None and candidate.judgement.stability < LEAST_STABILITY
        for candidate, is_refused in zip(discovery.candidates, refused, strict=True)
    )


def _draw_limit(axes: Axes, bottom: float) -> None:
    axes.plot([LEAST_STABILITY] * 2, [-0.5, bottom], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
    words = f"least allowed without gaps: {LEAST_STABILITY}"
    axes.text(LEAST_STABILITY, -0.55, words, ha="center", va="bottom", fontsize=8, color=FAINT)


def _draw_panel(axes: Axes, discovery: Discovery, score: str, refused: list[bool]) -> None:
    quiet(axes).set_title(score, loc="left", fontsize=9.5, color=INK)
    axes.grid(axis="y", color="#ECEEF1")
    axes.set_axisbelow(True)
    lowest = 0.0
    for row, candidate in enumerate(discovery.candidates):
        if candidate.judgement is None:
            if score == SCORES[0]:  # once: there is no score to either side
                axes.text(0.02, row, candidate.refusal, va="center", fontsize=8, color=FAINT)
            continue
        figure = float(getattr(candidate.judgement, score))
        lowest = min(lowest, figure)
        face, edge = ("white", NOBODY) if refused[row] else (colour_of(0), colour_of(0))
        axes.scatter(figure, row, s=44, facecolor=face, edgecolor=edge, zorder=3)
        if row == discovery.choice.chosen:
            _draw_ring(axes, figure, row)
    axes.set_xlim(lowest - 0.04, 1.06)


def _draw_ring(axes: Axes, score: float, row: int) -> None:
    axes.scatter(score, row, s=170, facecolor="none", edgecolor=INK, linewidth=1.6, zorder=4)
    side = -1 if score > 0.8 else 1
    axes.annotate(
        f"{score:.2f}", (score, row), (12 * side, 0), textcoords="offset points", va="center",
        ha="left" if side > 0 else "right", fontsize=8.5, fontweight="bold", color=INK,
    )  # fmt: skip


CANDIDATE_SCORES = Picture(
    "candidate_scores",
    candidate_scores,
)
