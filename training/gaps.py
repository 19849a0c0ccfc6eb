"""Does a gap part every two neighbouring segments, on customers held out?

Two kinds of gap count. A valley on the way from one segment to the other, its place learned on one half of the
customers and counted on the other, both ways round (`valleys`). And a sparse belt between them, whatever their
shape, in each half's own tree (`belts`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segments.encoder import Encoder, Floats, Indices
from training.belts import Linkage, belts_between, linkage
from training.recipe import sample_rows
from training.smoothing import smoothed
from training.valleys import Counts, counted, rounded, straight

MOST_CHANCE = 0.01  # of a valley where there is none
MOST_DEPTH = 0.6  # a valley's density over that of the lower peak; a shallower dent is no gap, however certain
LEAST_BELT = 1.1  # how much higher two bulks join than each is in one piece


@dataclass(frozen=True)
class HeldOut:
    """Two halves of the customers: their rows, their smoothed points, and each half's own tree."""

    rows: tuple[Indices, Indices]
    points: tuple[Floats, Floats]
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


def hold_out(points: Floats, encoder: Encoder, most: int, seed: int) -> HeldOut:
    """Two halves, each of at most `most` of the customers with (n, width) `points`."""
    rows = np.random.default_rng(seed + 1).permutation(sample_rows(len(points), 2 * most, seed))
    first, second = np.sort(rows[: len(rows) // 2]), np.sort(rows[len(rows) // 2 :])
    blurred = smoothed(points, encoder, seed)
    halves = (np.ascontiguousarray(blurred[first]), np.ascontiguousarray(blurred[second]))
    return HeldOut((first, second), halves, (linkage(halves[0]), linkage(halves[1])))


def pairs_of(held_out: HeldOut, labels: Indices, segments: int) -> tuple[PairEvidence, ...]:
    """What is seen between segments that are neighbours by their means, or that touch; `labels` (all customers) are -1
    where unassigned. Empty where a segment has nobody in one of the halves.
    """
    halves = [labels[rows] for rows in held_out.rows]
    if any(np.any(np.bincount(half[half >= 0], minlength=segments) == 0) for half in halves):
        return ()
    first, second = (belts_between(tree, half, segments) for tree, half in zip(held_out.trees, halves, strict=True))
    ratios, touching = np.minimum(first.ratios, second.ratios), np.triu(first.touching | second.touching)
    counts = {(int(a), int(b)): Counts() for a, b in zip(*np.nonzero(touching), strict=True)}
    for learned, tested in ((0, 1), (1, 0)):
        for pair, found in _valleys(held_out, halves[learned], segments, learned, tested).items():
            counts[pair] = counts.get(pair, Counts()) + found
    return tuple(
        PairEvidence(pair, found.chance, found.depth, float(ratios[pair])) for pair, found in sorted(counts.items())
    )


def _valleys(
    held_out: HeldOut, labels: Indices, segments: int, learned: int, tested: int
) -> dict[tuple[int, int], Counts]:
    """For every pair of neighbours, in the layout that shows the clearer valley on the half that is learned from."""
    clearest: dict[tuple[int, int], tuple[float, float]] = {}
    counts: dict[tuple[int, int], Counts] = {}
    for layout in (make(held_out.points[learned], labels, segments) for make in (straight, rounded)):
        known, unknown = layout.on(held_out.points[learned]), layout.on(held_out.points[tested])
        for pair in layout.neighbours():
            positions = known.along(*pair)
            promised = counted(positions, positions)
            promise = (promised.chance, promised.depth)
            if pair not in clearest or promise < clearest[pair]:
                clearest[pair] = promise
                counts[pair] = counted(positions, unknown.along(*pair))
    return counts
