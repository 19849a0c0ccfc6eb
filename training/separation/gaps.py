"""Gaps between neighbouring segments, tested on held-out customers.

There are two kinds of gap. A valley is a dip of the density along the line between two segments: located on four fifths
of the customers and counted on the last fifth, five times (`valleys`). A sparse belt separates segments of any shape in
the single-linkage trees of both halves of the customers (`sparse_belts`). Either must show on the encoded scale and on
the logarithmic one (`log_scale`), and is no gap where the segments touch densely somewhere (`contact`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from segment_model.encoding.encoder import Encoder, Flags, Floats, Indices
from training.candidates.candidate import sample_rows
from training.fitting.result_cache import ResultCache
from training.separation.contact import touch_densely
from training.separation.log_scale import on_log_scale
from training.separation.sparse_belts import Linkage, belts_between, linkage
from training.separation.tie_blurring import blur_ties, measure_ties
from training.separation.valleys import Counts, Windows, positions_between, rounded, straight

MOST_CHANCE = 0.05  # probability of such a valley if the density has one peak
MOST_DEPTH = 0.6  # a valley's density over that of the lower peak; a shallower dent is no gap, however certain
FOLDS = 5
LEAST_BELT = 1.1  # height at which two segments join, over the height at which each is connected


@dataclass(frozen=True)
class Scale:
    """The sampled customers on one scale: points (m, width) with ties blurred, and the linkage of either half."""

    points: Floats
    trees: tuple[Linkage, Linkage]


@dataclass(frozen=True)
class HeldOut:
    """The sampled customers: their rows (m,), and the fold (m,) of each.

    halves : the positions of a random half of them, and of the other half. unspread : (m, width) the points on the
    encoded scale with ties blurred, but spikes left where they are. scales : the encoded scale, and the
    logarithmic one where it differs. cache : the evidence on divisions, which several candidates may make alike.
    """

    rows: Indices
    folds: Indices
    halves: tuple[Indices, Indices]
    unspread: Floats
    scales: tuple[Scale, ...]
    cache: ResultCache = field(default_factory=ResultCache, repr=False, compare=False)

    @property
    def points(self) -> Floats:
        """The points (m, width) on the encoded scale."""
        return self.scales[0].points


@dataclass(frozen=True)
class PairEvidence:
    """Two neighbouring segments: chance and depth of the valley between them, and the belt's ratio; 1 is no gap.

    Depth and belt are the weakest of both scales, the chance is that on the encoded scale. touching : whether the two
    touch densely somewhere, which refutes a gap.
    """

    pair: tuple[int, int]
    chance: float
    depth: float
    belt: float
    touching: bool = False

    @property
    def gap(self) -> bool:
        """Whether a valley or a belt separates the two."""
        return self.parted and not self.touching

    @property
    def parted(self) -> bool:
        """Whether there is a valley or a belt between the two, wherever else they may touch."""
        return self._is_valley or self.belt >= LEAST_BELT

    @property
    def emptiness(self) -> float:
        """How empty the gap is, 0 to 1: 1 less the density left in it, relative to either side; 0 without a gap.

        Across a belt that is n times as wide as the steps within the segments, the density is at most 1 / n².
        """
        if not self.gap:
            return 0.0
        return 1 - min(self.depth if self._is_valley else 1.0, self.belt**-2)

    @property
    def _is_valley(self) -> bool:
        return self.chance <= MOST_CHANCE and self.depth <= MOST_DEPTH


def hold_out(points: Floats, encoder: Encoder, most: int, seed: int) -> HeldOut:
    """Sample at most 2 × `most` of the customers with (n, width) encoded `points`, blur their ties, and split them."""
    rows = sample_rows(len(points), 2 * most, seed)
    order = np.random.default_rng(seed + 1).permutation(len(rows))
    halves = (np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :]))
    folds = np.empty_like(order)
    folds[order] = np.arange(len(order)) % FOLDS
    scales = []
    for scaled in (points, on_log_scale(points, encoder)):
        if scaled is not None:
            blurred = blur_ties(scaled[rows], measure_ties(scaled, encoder).of(rows), seed)
            scales.append(Scale(blurred, (linkage(blurred[halves[0]]), linkage(blurred[halves[1]]))))
    # spread over their neighbourhood, the customers of a spike would touch others that they are far from
    unspread = blur_ties(points[rows], replace(measure_ties(points, encoder), spikes=()).of(rows), seed)
    return HeldOut(rows, folds, halves, unspread, tuple(scales))


def pairs_of(held_out: HeldOut, labels: Indices, nearest: Indices, segments: int) -> tuple[PairEvidence, ...]:
    """The evidence on each pair of segments that are neighbours by their means, or that touch.

    labels, nearest : (all customers,) positions; labels are -1 where unassigned. Empty if a segment has no customer in
    one of the halves or among the training customers of a fold.
    """

    def sought(labels: Indices, nearest: Indices, segments: int) -> tuple[PairEvidence, ...]:
        return _pairs_of(held_out, labels, nearest, segments)

    pairs: tuple[PairEvidence, ...] = held_out.cache.cache(sought)(
        labels[held_out.rows], nearest[held_out.rows], segments
    )
    return pairs


def _pairs_of(held_out: HeldOut, labels: Indices, nearest: Indices, segments: int) -> tuple[PairEvidence, ...]:
    """The evidence; labels, nearest : (m,) of the sampled customers."""
    parts = [labels[half] for half in held_out.halves]
    kept = [labels[held_out.folds != fold] for fold in range(FOLDS)]
    if any(np.any(np.bincount(part[part >= 0], minlength=segments) == 0) for part in (*parts, *kept)):
        return ()
    halves = [
        [belts_between(tree, part, segments) for tree, part in zip(scale.trees, parts, strict=True)]
        for scale in held_out.scales
    ]
    ratios = np.min([belts.ratios for scale in halves for belts in scale], axis=0)
    touching = np.triu(halves[0][0].touching | halves[0][1].touching)
    neighbours = _neighbours(held_out.points, labels, segments, touching)
    counted = _valleys(held_out, labels, segments, neighbours)
    mapped = held_out.unspread @ rounded(held_out.unspread, labels, segments).transform
    return tuple(
        _tested_for_contact(
            PairEvidence(pair, counts[0].chance, max(each.depth for each in counts), float(ratios[pair])),
            mapped, nearest, held_out.folds,
        )
        for pair, counts in counted.items()
    )  # fmt: skip


def confirmed_groups(pairs: Sequence[PairEvidence], segments: int) -> int:
    """The number of groups that gaps confirm: segments that no gap parts from each other are one group."""
    joined = np.array([pair.pair for pair in pairs if not pair.gap], dtype=np.intp).reshape(-1, 2)
    if not pairs:
        return 1
    graph = coo_array((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=(segments, segments))
    return int(connected_components(graph, directed=False)[0])


def _neighbours(points: Floats, labels: Indices, segments: int, touching: Flags) -> list[tuple[int, int]]:
    """The pairs of segments that are neighbours by their means in either layout, or that touch."""
    pairs = {(int(a), int(b)) for a, b in zip(*np.nonzero(touching), strict=True)}
    for make in (straight, rounded):
        pairs.update(make(points, labels, segments).neighbours())
    return sorted(pairs)


def _tested_for_contact(pair: PairEvidence, mapped: Floats, nearest: Indices, folds: Indices) -> PairEvidence:
    """The evidence with the test for dense contact, which only matters where there is a valley or a belt."""
    return replace(pair, touching=pair.parted and touch_densely(mapped, nearest, folds, pair.pair, MOST_DEPTH))


def _valleys(
    held_out: HeldOut, labels: Indices, segments: int, pairs: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], tuple[Counts, ...]]:
    """The held-out counts of every pair on each scale, summed over the folds."""
    counts = {pair: (Counts(),) * len(held_out.scales) for pair in pairs}
    for fold in range(FOLDS):
        for pair, counted in _valleys_in(held_out, held_out.folds == fold, labels, segments, counts):
            counts[pair] = tuple(total + each for total, each in zip(counts[pair], counted, strict=True))
    return counts


def _valleys_in(
    held_out: HeldOut, left_out: Flags, labels: Indices, segments: int, pairs: Iterable[tuple[int, int]]
) -> Iterator[tuple[tuple[int, int], list[Counts]]]:
    """The counts of every pair on the customers left out, in the layout whose valley is clearer on the others.

    The other scale is that of the same customers, those in the tube on the encoded scale: a group near 0 is stretched
    so much by logarithms that it would distort the tubes of all others.
    """
    (points, *others), own = [scale.points[~left_out] for scale in held_out.scales], labels[~left_out]
    tested, *others_tested = (scale.points[left_out] for scale in held_out.scales)
    layouts = [make(points, own, segments) for make in (straight, rounded)]
    on_known, on_unknown = ([layout.on(each) for layout in layouts] for each in (points, tested))
    for pair in pairs:
        lines = [mapped.along(*pair) for mapped in on_known]
        number, windows = _clearest([line.positions for line in lines])
        known, unknown = lines[number], on_unknown[number].along(*pair)
        counts = [windows.count(unknown.positions)]
        for other, other_tested in zip(others, others_tested, strict=True):
            on_other = positions_between(other[known.rows], own[known.rows], pair, other_tested[unknown.rows])
            if on_other:
                number, windows = _clearest([learned for learned, _ in on_other])
                counts.append(windows.count(on_other[number][1]))
            else:
                counts.append(Counts())
        yield pair, counts


def _clearest(lines: Sequence[Floats]) -> tuple[int, Windows]:
    """The line whose valley is clearest among customers in training, who lie at these positions; and its windows."""
    located = [Windows.located(positions) for positions in lines]
    valleys = [windows.count(positions) for windows, positions in zip(located, lines, strict=True)]
    number = min(range(len(lines)), key=lambda line: (valleys[line].chance, valleys[line].depth))
    return number, located[number]
