"""Does a gap part every two neighbouring segments, on customers held out?

Two kinds of gap count. A valley on the way from one segment to the other, its place learned on four fifths of the
customers and counted on the fifth, five times (`valleys`). And a sparse belt between them, whatever their shape, in the
own tree of each half of the customers (`belts`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.candidates.candidate import sample_rows
from training.evaluation.sparse_belts import Linkage, belts_between, linkage
from training.evaluation.tie_blurring import Hidden, smoothed
from training.evaluation.valleys import Counts, counted, rounded, scatter, straight

MOST_CHANCE = 0.05  # of a valley where there is none
MOST_DEPTH = 0.6  # a valley's density over that of the lower peak; a shallower dent is no gap, however certain
FOLDS = 5
LEAST_BELT = 1.1  # how much higher two bulks join than each is in one piece


@dataclass(frozen=True)
class HeldOut:
    """The customers looked at: their rows (m,), smoothed points (m, width), and the fold (m,) that holds each out.

    halves : positions of either half of them, with each half's own tree.
    """

    rows: Indices
    points: Floats
    folds: Indices
    halves: tuple[Indices, Indices]
    trees: tuple[Linkage, Linkage]


@dataclass(frozen=True)
class PairEvidence:
    """Two neighbouring segments: chance and depth of the valley, and the belt's ratio; 1 where nothing is seen."""

    pair: tuple[int, int]
    chance: float
    depth: float
    belt: float

    @property
    def gap(self) -> bool:
        """Is there a gap?"""
        return (self.chance <= MOST_CHANCE and self.depth <= MOST_DEPTH) or self.belt >= LEAST_BELT


def hold_out(points: Floats, hidden: Hidden, most: int, seed: int) -> HeldOut:
    """At most 2 × `most` of the customers with (n, width) `points`; ties hide what `hidden` says."""
    rows = sample_rows(len(points), 2 * most, seed)
    blurred = smoothed(points[rows], hidden.of(rows), seed)
    order = np.random.default_rng(seed + 1).permutation(len(rows))
    halves = (np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :]))
    folds = np.empty_like(order)
    folds[order] = np.arange(len(order)) % FOLDS
    return HeldOut(rows, blurred, folds, halves, (linkage(blurred[halves[0]]), linkage(blurred[halves[1]])))


def pairs_of(held_out: HeldOut, labels: Indices, segments: int) -> tuple[PairEvidence, ...]:
    """What is seen between segments that are neighbours by their means, or that touch; `labels` (all customers) are -1
    where unassigned. Empty where a segment has nobody in one of the halves, or only there.
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
        for pair, found in _valleys(held_out, labels, segments, fold, counts).items():
            counts[pair] += found
    return tuple(PairEvidence(pair, found.chance, found.depth, float(ratios[pair])) for pair, found in counts.items())


def scatter_within(held_out: HeldOut, nearest: Indices, segments: int) -> float:
    """Logarithm of the determinant of the scatter within segments (Friedman and Rubin 1967): lower is tighter, whatever
    directions are long; `nearest` (all customers) are the nearest segments.
    """
    return float(np.linalg.slogdet(scatter(held_out.points, nearest[held_out.rows], segments))[1])


def _valleys(
    held_out: HeldOut, labels: Indices, segments: int, fold: int, pairs: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Counts]:
    """For every pair, in the layout that shows the clearer valley on the customers that are learned from."""
    kept, tested = held_out.folds != fold, held_out.points[held_out.folds == fold]
    learned, own = held_out.points[kept], labels[kept]
    layouts = [make(learned, own, segments) for make in (straight, rounded)]
    seen = [(layout.on(learned), layout.on(tested)) for layout in layouts]
    counts = {}
    for pair in pairs:
        ways = [(known.along(*pair), unknown.along(*pair)) for known, unknown in seen]
        promised = [counted(known, known) for known, _ in ways]
        clearest = min(range(len(ways)), key=lambda number: (promised[number].chance, promised[number].depth))
        counts[pair] = counted(*ways[clearest])
    return counts
