"""The quality of a fitted candidate: silhouette, stability, agreement, gaps, and the sizes of its segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import adjusted_rand_score

from segment_model.encoding.encoder import Floats, Indices
from training.candidates.candidate import CandidateSpec, Fit, NoSegmentsError, sample_rows
from training.evaluation.silhouette_values import silhouette_values
from training.fitting.single_thread import single_thread
from training.separation.gaps import PairEvidence, confirmed_groups


@dataclass(frozen=True)
class Judgement:
    """A candidate's scores.

    silhouette : mean over the judged customers, an unassigned one counting 0 (Rousseeuw 1987); -1..1.
    stability : adjusted Rand index between two models fitted on halves of the customers, on the judged customers.
    agreement : share of the fitted customers whom the assigner puts into the segment that the algorithm gave them.
    gap_share : share of the pairs of neighbouring segments that a gap separates.
    groups : number of groups that gaps confirm; segments without a gap between them are one group.
    found_number : whether the algorithm chose the number of segments, instead of getting it from the settings.
    untied : adjusted Rand index to the segments that such an algorithm finds once tied values are blurred.
    recovered, recovered_least : mean and least Jaccard similarity of such segments under resampling, where no gaps
    confirm them and they come into question (`selection.takes_in_most`); else 0.
    emptiness : mean emptiness of the gaps between neighbouring segments, 0 where there is no gap; 0..1.
    confusion : the largest share of a segment's customers whom another one probably takes in; 0 where unknown.
    small_hold_money : whether every segment smaller than `min_share` is worth keeping (`small_segments.hold_money`).
    """

    segments: int
    smallest_share: float
    largest_share: float
    unassigned_share: float
    silhouette: float
    stability: float
    agreement: float
    gap_share: float = 0.0
    groups: int = 1
    emptiness: float = 0.0
    found_number: bool = False
    untied: float = 0.0
    recovered: float = 0.0
    recovered_least: float = 0.0
    confusion: float = 0.0
    small_hold_money: bool = False

    @property
    def metrics(self) -> dict[str, float]:
        """All scores, for a run."""
        return {name: float(getattr(self, name)) for name in self.__dataclass_fields__}


def stratified_sample(labels: Indices, most: int, seed: int) -> Indices:
    """At most about `most` row numbers, in order; at least 50 of every label, or all of a label with fewer."""
    if len(labels) <= most:
        return np.arange(len(labels))
    generator = np.random.default_rng(seed)
    chosen = []
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        wanted = min(int(count), max(50, round(most * count / len(labels))))
        chosen.append(generator.choice(np.flatnonzero(labels == label), wanted, replace=False))
    return np.sort(np.concatenate(chosen)).astype(np.intp)


def gap_share(pairs: Sequence[PairEvidence]) -> float:
    """The share of the pairs of neighbouring segments that a gap separates; 0 without pairs."""
    return float(np.mean([pair.gap for pair in pairs])) if pairs else 0.0


def assigned_labels(fit: Fit, points: Floats) -> Indices:
    """The assignments (n,) of (n, width) points: positions, -1 where unassigned."""
    near = fit.assigner.nearest(np.ascontiguousarray(points.T))
    return np.where(near.outside, -1, near.segment).astype(np.intp)


def judge(
    spec: CandidateSpec,
    fit: Fit,
    points: Floats,
    labels: Indices,
    judged: int,
    seed: int,
    pairs: Sequence[PairEvidence] = (),
) -> Judgement:
    """Judge a fitted candidate; `labels` are its assignments of all (n, width) `points`."""
    sizes = np.bincount(labels[labels >= 0], minlength=fit.assigner.size)
    sample = stratified_sample(labels, judged, seed)
    agreement = float(np.mean(labels[fit.rows] == fit.labels))
    return Judgement(
        segments=fit.assigner.size,
        smallest_share=float(sizes.min() / len(labels)),
        largest_share=float(sizes.max() / len(labels)),
        unassigned_share=float(np.mean(labels < 0)),
        silhouette=weighted_silhouette(points, labels, sample),
        stability=stability(spec, points, judged, seed),
        agreement=agreement,
        gap_share=gap_share(pairs),
        groups=confirmed_groups(pairs, fit.assigner.size),
        found_number=not (spec.divides_continuum or spec.needs_gaps),
        emptiness=float(np.mean([pair.emptiness for pair in pairs])) if pairs else 0.0,
        confusion=fit.confusion,
    )


def weighted_silhouette(points: Floats, labels: Indices, sample: Indices) -> float:
    """Mean silhouette of all customers, estimated on a stratified sample in which small labels are over-represented."""
    chosen = labels[sample]
    if len(np.unique(chosen[chosen >= 0])) < 2:
        return 0.0
    silhouettes = np.zeros(len(sample))
    assigned = chosen >= 0
    with single_thread():
        silhouettes[assigned] = silhouette_values(points[sample[assigned]], chosen[assigned])
    weight = _weights(labels, chosen)
    return float(np.sum(silhouettes * weight) / np.sum(weight))


def stability(spec: CandidateSpec, points: Floats, judged: int, seed: int) -> float:
    """Adjusted Rand index between the models fitted on two halves of the customers; 0 where one has no segments."""
    rows = sample_rows(len(points), judged, seed)
    generator = np.random.default_rng(seed + 1)
    shuffled = generator.permutation(rows)
    half = len(shuffled) // 2
    halves = [np.ascontiguousarray(points[np.sort(part)]) for part in (shuffled[:half], shuffled[half:])]
    try:
        first, second = (
            spec.for_share(half / len(points)).fit(part, seed + number) for number, part in enumerate(halves)
        )
    except NoSegmentsError:
        return 0.0
    everyone = points[rows]
    return float(adjusted_rand_score(assigned_labels(first, everyone), assigned_labels(second, everyone)))


def similarity_untied(spec: CandidateSpec, blurred: Floats, labels: Indices, share: float, seed: int) -> float:
    """Adjusted Rand index of segments to those that the algorithm finds among the same customers with ties blurred.

    blurred : (m, width) points; labels : (m,) their segments, -1 where unassigned; share : of the customers who are
    among them. Whole numbers and categories lie on a grid, whose empty rows a density-based algorithm takes for gaps.
    """
    try:
        fit = spec.for_share(share).fit(np.ascontiguousarray(blurred), seed)
    except NoSegmentsError:
        return 0.0
    return float(adjusted_rand_score(labels, assigned_labels(fit, blurred)))


def _weights(labels: Indices, chosen: Indices) -> Floats:
    """The number of customers whom each sampled customer represents: (sampled,)."""
    everyone: Mapping[int, int] = dict(zip(*np.unique(labels, return_counts=True), strict=True))
    sampled: Mapping[int, int] = dict(zip(*np.unique(chosen, return_counts=True), strict=True))
    return np.array([everyone[label] / sampled[label] for label in chosen], dtype=np.float64)
