"""Gaps between neighbouring segments, tested on held-out customers.

There are two kinds of gap. A valley is a dip of the density along the line between two segments: located on four fifths
of the customers and counted on the last fifth, five times (`valleys`). A sparse belt separates segments of any shape in
the single-linkage trees of both halves of the customers (`sparse_belts`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.candidates.candidate import sample_rows
from training.evaluation.sparse_belts import Linkage, belts_between, linkage
from training.evaluation.tie_blurring import Ties, blur_ties
from training.evaluation.valleys import Counts, count_windows, rounded, scatter, straight

MOST_CHANCE = 0.05  # probability of such a valley if the density has one peak
MOST_DEPTH = 0.6  # a valley's density over that of the lower peak; a shallower dent is no gap, however certain
FOLDS = 5
LEAST_BELT = 1.1  # height at which two segments join, over the height at which each is connected


@dataclass(frozen=True)
class HeldOut:
    """The sampled customers: their rows (m,), their points (m, width) with ties blurred, and the fold (m,) of each.

    halves : the positions of a random half of them, and of the other half. trees : the linkage of each half.
    """

    rows: Indices
    points: Floats
    folds: Indices
    halves: tuple[Indices, Indices]
    trees: tuple[Linkage, Linkage]


@dataclass(frozen=True)
class PairEvidence:
    """Two neighbouring segments: chance and depth of the valley between them, and the belt's ratio; 1 is no gap."""

    pair: tuple[int, int]
    chance: float
    depth: float
    belt: float

    @property
    def gap(self) -> bool:
        """Whether a valley or a belt separates the two."""
        return (self.chance <= MOST_CHANCE and self.depth <= MOST_DEPTH) or self.belt >= LEAST_BELT


def hold_out(points: Floats, ties: Ties, most: int, seed: int) -> HeldOut:
    """Sample at most 2 × `most` of the customers with (n, width) `points`, blur their ties, and split them."""
    rows = sample_rows(len(points), 2 * most, seed)
    blurred = blur_ties(points[rows], ties.of(rows), seed)
    order = np.random.default_rng(seed + 1).permutation(len(rows))
    halves = (np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :]))
    folds = np.empty_like(order)
    folds[order] = np.arange(len(order)) % FOLDS
    return HeldOut(rows, blurred, folds, halves, (linkage(blurred[halves[0]]), linkage(blurred[halves[1]])))


def pairs_of(held_out: HeldOut, labels: Indices, segments: int) -> tuple[PairEvidence, ...]:
    """The evidence on each pair of segments that are neighbours by their means, or that touch.

    labels : (all customers,) positions, -1 where unassigned. Empty if a segment has no customer in one of the halves or
    among the training customers of a fold.
    """
    labels = labels[held_out.rows]
    parts = [labels[half] for half in held_out.halves]
    kept = [labels[held_out.folds != fold] for fold in range(FOLDS)]
    if any(np.any(np.bincount(part[part >= 0], minlength=segments) == 0) for part in (*parts, *kept)):
        return ()
    first, second = (belts_between(tree, part, segments) for tree, part in zip(held_out.trees, parts, strict=True))
    ratios, touching = np.minimum(first.ratios, second.ratios), np.triu(first.touching | second.touching)
    pairs = {(int(a), int(b)) for a, b in zip(*np.nonzero(touching), strict=True)}
    for make in (straight, rounded):
        pairs.update(make(held_out.points, labels, segments).neighbours())
    counts = dict.fromkeys(sorted(pairs), Counts())
    for fold in range(FOLDS):
        for pair, counted in _valleys(held_out, labels, segments, fold, counts).items():
            counts[pair] += counted
    return tuple(PairEvidence(pair, total.chance, total.depth, float(ratios[pair])) for pair, total in counts.items())


def scatter_within(held_out: HeldOut, nearest: Indices, segments: int) -> float:
    """Logarithm of the determinant of the scatter within segments (Friedman and Rubin 1967).

    Lower is tighter, whatever the directions of the scatter. nearest : (all customers,) the nearest segments.
    """
    return float(np.linalg.slogdet(scatter(held_out.points, nearest[held_out.rows], segments))[1])


def _valleys(
    held_out: HeldOut, labels: Indices, segments: int, fold: int, pairs: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Counts]:
    """The held-out counts of every pair, in the layout whose valley is clearer on the training customers."""
    kept, tested = held_out.folds != fold, held_out.points[held_out.folds == fold]
    trained, own = held_out.points[kept], labels[kept]
    layouts = [make(trained, own, segments) for make in (straight, rounded)]
    mapped = [(layout.on(trained), layout.on(tested)) for layout in layouts]
    counts = {}
    for pair in pairs:
        lines = [(known.along(*pair), unknown.along(*pair)) for known, unknown in mapped]
        in_training = [count_windows(known, known) for known, _ in lines]
        clearest = min(range(len(lines)), key=lambda number: (in_training[number].chance, in_training[number].depth))
        counts[pair] = count_windows(*lines[clearest])
    return counts
