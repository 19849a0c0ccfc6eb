"""The map of customers: where alike customers lie near each other."""

from __future__ import annotations

import warnings

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from threadpoolctl import threadpool_limits

from reporting.pictures.drawing import INK, NOBODY, blank, colour_of, lettering, marker_of, outlined, spread
from segment_model.encoding.encoder import Floats
from training.discovery.discovery import Discovery
from training.evaluation.quality import stratified_sample

MOST_DRAWN = 1_500
FEWEST_FOR_UMAP = 50
SEED = 0
UNASSIGNED = "unassigned"


def customer_map(discovery: Discovery) -> Figure:
    """A stratified sample of at most about 1,500 customers on a plane: alike near each other, coloured by segment.

    UMAP (McInnes et al. 2018), seeded and on one thread; principal components where there are fewer than 50 customers.
    """
    rows = stratified_sample(discovery.labels, MOST_DRAWN, SEED)
    labels, points = discovery.labels[rows], discovery.points[rows]
    if len(rows) < FEWEST_FOR_UMAP:
        places, method = principal_plane(points), f"principal components ({len(rows)} customers are too few for UMAP)"
    else:
        places, method = umap_plane(points), "UMAP"
    sampled = f"a sample of {len(rows):,} of {len(discovery.labels):,}" if len(rows) < len(discovery.labels) else "all"
    figure = blank(
        9.2,
        7.2,
        "Map of customers",
        f"Each dot is a customer ({sampled}); customers who are alike lie near each other. Drawn by {method}: "
        "neighbourhoods mean something, directions and distances between islands do not.",
    )
    axes = figure.subplots()
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color(NOBODY)
    handles, names = [], []
    size = 16 if len(rows) > 500 else 26
    for position in (-1, *range(len(discovery.model.cards))):
        chosen = labels == position
        if not chosen.any():
            continue
        name, share = (
            UNASSIGNED if position < 0 else discovery.model.cards[position].name,
            float(np.mean(discovery.labels == position)),
        )
        axes.scatter(
            places[chosen, 0],
            places[chosen, 1],
            s=size,
            color=colour_of(position),
            marker=marker_of(position),
            alpha=0.85 if position >= 0 else 0.7,
            linewidths=0.3,
            edgecolors="white",
        )
        key = f"{lettering(name, 30)} ({100 * share:.1f} %)"
        handles.append(
            Line2D([], [], ls="", marker=marker_of(position), color=colour_of(position), label=key, markersize=7)
        )
        if position >= 0:
            across, up = _label_place(places, places[chosen])
            words = lettering(name, 20)
            names.append(axes.text(across, up, words, ha="center", va="center", path_effects=outlined(3)))
    handles = handles[1:] + handles[:1] if (labels < 0).any() else handles
    figure.legend(
        handles=handles,
        loc="outside lower left",
        ncols=min(3, len(handles)),
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
    )
    for label in names:
        label.set(fontsize=8.5, fontweight="bold", color=INK)
    axes.margins(0.08)
    spread(axes, names)
    return figure


def _label_place(everyone: Floats, own: Floats) -> tuple[float, float]:
    """Where a segment's name goes: on its median, or above it where the name would cover the whole island."""
    across, up = np.median(own, axis=0)
    whole = np.maximum(np.ptp(everyone, axis=0), 1e-9)
    island = (np.quantile(own, 0.95, axis=0) - np.quantile(own, 0.05, axis=0)) / whole
    if island[0] < 0.2 and island[1] < 0.2:
        up = np.quantile(own[:, 1], 0.98) + 0.045 * whole[1]
    return float(across), float(up)


def umap_plane(points: Floats) -> Floats:
    """(n, width) points to (n, 2) by UMAP."""
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # umap warns that it has no Tensorflow and that a seed costs it its threads (both are meant), and where many
        # customers are the same (they may be)
        warnings.simplefilter("ignore")
        import umap  # takes seconds: only where it is used

        reducer = umap.UMAP(
            n_neighbors=min(25, len(points) - 1), min_dist=0.25, init="pca", random_state=SEED, n_jobs=1
        )
        places = np.asarray(reducer.fit_transform(points), dtype=np.float64)
    return np.where(np.isfinite(places), places, np.nan)


def principal_plane(points: Floats) -> Floats:
    """(n, width) points to (n, 2): the two directions in which they differ most."""
    centred = points - points.mean(axis=0)
    with threadpool_limits(limits=1):
        directions = np.linalg.svd(centred, full_matrices=False)[2][:2]
    places = centred @ directions.T
    return np.pad(places, ((0, 0), (0, 2 - places.shape[1])))
