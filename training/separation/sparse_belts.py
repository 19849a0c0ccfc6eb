"""Sparse belts around dense places: gaps between segments of any shape, such as rings, chains and crescents.

Two customers are connected at height h if a chain of customers leads from one to the other in which no mutual
reachability distance (Campello et al. 2013) exceeds h. A minimum spanning tree holds all of these heights (single
linkage). A sparse belt lies between two segments if their bulks join at a clearly greater height than each of them is
connected. In a continuum, slices join as soon as each of them is connected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from segment_model.encoding.encoder import Flags, Floats, Indices

BULK = 0.65  # share of a segment's customers that must be connected; a slice across two shapes has less in either
STRAYS = 0.01  # share of the smaller segment that may touch the other
NEIGHBOURS = 5  # of a core distance


@dataclass(frozen=True)
class Linkage:
    """A minimum spanning tree of n customers by mutual reachability distance: n − 1 edges, the shortest first.

    ends : (n − 1, 2) rows; heights : (n − 1,).
    """

    ends: Indices
    heights: Floats


def linkage(points: Floats, neighbours: int = NEIGHBOURS) -> Linkage:
    """The tree of (n, width) points, by Prim's algorithm; core distance: that to the `neighbours`-th neighbour.

    A point counts as its own first neighbour.
    """
    count = len(points)
    core = cKDTree(points).query(points, k=[min(neighbours, count)])[0][:, 0]
    squared_core = core**2
    outside = np.ones(count, dtype=np.bool_)
    best, parent = np.full(count, np.inf), np.zeros(count, dtype=np.intp)
    ends, heights = np.empty((max(count - 1, 0), 2), dtype=np.intp), np.empty(max(count - 1, 0))
    columns = np.ascontiguousarray(points.T)
    current = 0
    for step in range(count - 1):
        outside[current] = False
        gap = columns - points[current][:, None]
        distance = np.einsum("ij,ij->j", gap, gap)
        np.maximum(distance, squared_core, out=distance)
        np.maximum(distance, squared_core[current], out=distance)
        nearer = distance < best
        best[nearer], parent[nearer] = distance[nearer], current
        current = int(np.argmin(np.where(outside, best, np.inf)))
        ends[step], heights[step] = (parent[current], current), best[current]
    order = np.argsort(heights, kind="stable")
    return Linkage(ends[order], np.sqrt(heights[order]))


@dataclass(frozen=True)
class Belts:
    """The belts between each pair of segments; both (segments, segments).

    ratios : the height at which their bulks join, over the height at which each is connected; 1 where there is no belt.
    touching : whether more than a few members have an edge to the other segment that is no longer than the height at
    which both bulks are connected; then there is no belt.
    """

    ratios: Floats
    touching: Flags


def belts_between(tree: Linkage, labels: Indices, segments: int) -> Belts:
    """The belts between all pairs of segments; labels : (n,) the position of each customer's segment, -1 for none."""
    count = len(labels)
    sizes = np.bincount(labels[labels >= 0], minlength=segments)
    needed = np.maximum(1, np.ceil(BULK * sizes)).astype(np.intp)
    root = list(range(count))
    held: list[dict[int, int]] = [{int(label): 1} if label >= 0 else {} for label in labels]
    whole = np.where(needed <= 1, 0.0, np.inf)
    joined = np.full((segments, segments), np.inf)

    def top(row: int) -> int:
        while root[row] != row:
            root[row] = root[root[row]]
            row = root[row]
        return row

    for (start, end), height in zip(tree.ends.tolist(), tree.heights.tolist(), strict=True):
        small, large = top(start), top(end)
        if len(held[small]) > len(held[large]):
            small, large = large, small
        root[small] = large
        into, grown = held[large], held[small]
        if not grown:
            continue
        for label, number in grown.items():
            into[label] = into.get(label, 0) + number
        bulks = [label for label in into if into[label] >= needed[label]]
        for label in bulks:
            whole[label] = min(whole[label], height)
            for other in bulks:
                joined[label, other] = min(joined[label, other], height)
        held[small] = {}
    usable = (sizes > 0) & np.isfinite(whole)
    separate = np.maximum(whole[:, None], whole[None, :])
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = np.where(usable[:, None] & usable[None, :], joined / separate, 1.0)
    ratios[~np.isfinite(ratios)] = 1.0
    np.fill_diagonal(ratios, 1.0)
    left, right = labels[tree.ends].T
    near = (left >= 0) & (right >= 0) & (left != right)
    near[near] = tree.heights[near] <= separate[left[near], right[near]]
    touches = np.zeros((segments, segments))
    np.add.at(touches, (left[near], right[near]), 1)
    touching = touches + touches.T > STRAYS * np.minimum(sizes[:, None], sizes[None, :])
    return Belts(np.where(touching, 1.0, ratios), touching)
