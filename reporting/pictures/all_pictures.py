"""The pictures of a discovery: pure functions from a Discovery to a matplotlib Figure.

A segment has the same colour in each of them. Columns marked sensitive are in none unless the settings allow them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import silhouette_samples
from threadpoolctl import threadpool_limits

from reporting.pictures.customer_map import MOST_DRAWN, SEED, customer_map
from reporting.pictures.drawing import FAINT, INK, NOBODY, blank, colour_of, lettering, png, quiet
from reporting.pictures.profile_heatmap import contributions_beeswarm, profile_heatmap
from training.discovery.discovery import Discovery
from training.evaluation.quality import stratified_sample
from training.evaluation.selection import LEAST_STABILITY

__all__ = [
    "PICTURES",
    "candidate_scores",
    "contributions_beeswarm",
    "customer_map",
    "draw_pictures",
    "profile_heatmap",
    "silhouette_plot",
]


def silhouette_plot(discovery: Discovery) -> Figure:
    """How much nearer each customer is to the own segment than to the next one (Rousseeuw 1987), by segment."""
    rows = stratified_sample(discovery.labels, MOST_DRAWN, SEED)
    rows = rows[discovery.labels[rows] >= 0]
    labels = discovery.labels[rows]
    judgement = discovery.chosen.judgement
    overall = judgement.silhouette if judgement else 0.0
    present = [int(position) for position in np.unique(labels)]
    figure = blank(
        9.2,
        1.5 + 0.62 * max(2, len(present)),
        "How well separated the segments are",
        "Each line is a customer: to the right, clearly in the segment; near 0, on a border; left of 0, nearer to "
        "another segment. The dashed line is everyone's mean.",
    )
    axes = quiet(figure.subplots())
    if not 2 <= len(present) < len(labels):
        axes.set_axis_off()
        axes.text(0.5, 0.5, "only one segment has customers: there is nothing to compare", ha="center", color=FAINT)
        return figure
    with threadpool_limits(limits=1):
        values = silhouette_samples(discovery.points[rows], labels)
    top = 0.0
    ticks, names = [], []
    for position in present:
        own = np.sort(values[labels == position])[::-1]
        height = 1 + 3 * float(np.mean(labels == position))
        across = top + (np.arange(len(own)) + 0.5) / len(own) * height
        axes.fill_betweenx(
            np.append(np.insert(across, 0, top), top + height), 0, [own[0], *own, own[-1]],
            color=colour_of(position), linewidth=0,
        )  # fmt: skip
        ticks.append(top + height / 2)
        names.append(f"{lettering(discovery.model.cards[position].name, 34, 2)}\nmean {own.mean():.2f}")
        top += height + 0.35
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.plot([overall, overall], [-0.15, top], color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.text(overall, -0.22, f"{overall:.2f}", ha="center", va="bottom", fontsize=8.5, color=INK)
    axes.set(ylim=(top, -0.75), yticks=ticks, yticklabels=names, xlabel="silhouette")
    axes.set_xlim(min(-0.1, float(values.min()) - 0.02), max(0.1, float(values.max()) + 0.04))
    axes.xaxis.label.set(color=FAINT, fontsize=9)
    return figure


def candidate_scores(discovery: Discovery) -> Figure:
    """Silhouette and stability of every candidate, the refused ones hollow, the chosen one marked."""
    candidates, chosen = discovery.candidates, discovery.choice.chosen
    refused = [remark.startswith("refused") for remark in discovery.choice.remarks]
    figure = blank(
        9.2,
        1.7 + 0.34 * max(3, len(candidates)),
        "What was tried",
        "Silhouette: how well separated, at most 1. Stability: how far two halves of the customers tell the same "
        "story, 1 is fully. Filled: could be chosen; hollow: refused; the ring is the choice.",
    )
    panels = figure.subplots(1, 2, sharey=True)
    for axes, title in zip(panels, ("silhouette", "stability"), strict=True):
        quiet(axes).set_title(title, loc="left", fontsize=9.5, color=INK)
        axes.grid(axis="y", color="#ECEEF1")
        axes.set_axisbelow(True)
        for row, candidate in enumerate(candidates):
            if candidate.judgement is None:
                axes.text(0.02, row, candidate.refusal, va="center", fontsize=8, color=FAINT)
                continue
            value = float(getattr(candidate.judgement, title))
            face = "white" if refused[row] else colour_of(0)
            axes.scatter(value, row, s=44, facecolor=face, edgecolor=NOBODY if refused[row] else colour_of(0), zorder=3)
            if row == chosen:
                axes.scatter(value, row, s=170, facecolor="none", edgecolor=INK, linewidth=1.6, zorder=4)
                side = -1 if value > 0.8 else 1
                axes.annotate(
                    f"{value:.2f}", (value, row), (12 * side, 0), textcoords="offset points", va="center",
                    ha="left" if side > 0 else "right", fontsize=8.5, fontweight="bold", color=INK,
                )  # fmt: skip
        values = [float(getattr(c.judgement, title)) for c in candidates if c.judgement]
        axes.set_xlim(min(0.0, *values, 0.0) - 0.04, 1.06)
    bottom = len(candidates) - 0.4
    panels[1].plot([LEAST_STABILITY] * 2, [-0.5, bottom], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
    panels[1].text(
        LEAST_STABILITY, -0.55, f"least allowed: {LEAST_STABILITY}", ha="center", va="bottom", fontsize=8, color=FAINT
    )
    panels[0].set(ylim=(bottom, -0.95))
    panels[0].set_yticks(range(len(candidates)), [lettering(c.spec.name, 42, 2) for c in candidates])
    for row, tick in enumerate(panels[0].get_yticklabels()):
        tick.set(fontweight="bold" if row == chosen else "normal", color=FAINT if refused[row] else INK)
    return figure


PICTURES: dict[str, Callable[[Discovery], Figure]] = {
    "customer_map": customer_map,
    "profile_heatmap": profile_heatmap,
    "contributions_beeswarm": contributions_beeswarm,
    "silhouette_plot": silhouette_plot,
    "candidate_scores": candidate_scores,
}


def draw_pictures(discovery: Discovery) -> dict[str, bytes]:
    """Every picture as PNG, by name; the same bytes for the same discovery on one machine."""
    return {name: png(draw(discovery)) for name, draw in PICTURES.items()}
