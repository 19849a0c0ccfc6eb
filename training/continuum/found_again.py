"""Whether the segments of a division are found again in resampled customers, and by other random seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.candidates.candidate import CandidateSpec, NoSegmentsError, sample_rows
from training.continuum.ladder import LEAST_RECOVERED
from training.evaluation.bootstrap_recovery import best_matches

SEEDS = range(5)  # whose divisions must be found again too
DRAWS = 4_000  # customers of a resample; a fixed number, because recovery grows with it
COMPARED = 20_000  # customers on whom two divisions are compared
BATCH, FEWEST, MOST = 5, 40, 80  # resamples
OF_90_PERCENT = 1.645  # standard errors from a mean to either end of its interval
CLEARLY = 4.0  # standard errors under the level at which fewer resamples refuse a division


@dataclass(frozen=True)
class Division:
    """A division of all customers: its candidate's position and spec, and the nearest segment of each customer (n,)."""

    position: int
    spec: CandidateSpec
    labels: Indices
    segments: int


@dataclass(frozen=True)
class Recovery:
    """The mean Jaccard similarity of the least recovered segment, and the ends of its 90 % interval.

    recovered : (segments,) the mean of each segment. agreement : as of a `Rung`.
    """

    recovered: Floats
    lower: float
    upper: float
    resamples: int
    agreement: float | None = None


def recovery_of(division: Division, points: Floats, most: int = MOST) -> Recovery:
    """How well the segments of a division of (n, width) points are found again.

    The divisions of other seeds are made only where resamples do not refuse the division already. most : resamples; at
    least `FEWEST` are drawn unless fewer refuse clearly, and more only while the level lies within the interval. The
    draws are always the same, so that a doubtful division is not steady by one seed of the settings and not by another.
    """
    rows = sample_rows(len(points), COMPARED, 0)
    resamples = Resamples(division.spec, points, rows)
    own = division.labels[rows]
    recovery = _resampled([own], division.segments, resamples, most)
    if recovery.lower < LEAST_RECOVERED:
        return recovery
    others = [other for seed in SEEDS if (other := resamples.by_seed(seed)) is not None]
    agreement = min((_similarities(own, other, division.segments).min() for other in others), default=0.0)
    if len(others) < len(SEEDS) or agreement < LEAST_RECOVERED:
        return replace(recovery, agreement=float(agreement) if len(others) == len(SEEDS) else 0.0)
    every = _resampled([own, *others], division.segments, resamples, most)
    return replace(every, recovered=recovery.recovered, agreement=float(agreement))


class Resamples:
    """The divisions of resampled customers, each fitted once: of the customers in `rows`, the nearest segments.

    A resample is the distinct customers among `DRAWS` draws with replacement (n draws of n customers, if they are
    fewer).
    """

    def __init__(self, spec: CandidateSpec, points: Floats, rows: Indices) -> None:
        self._spec, self._points, self._rows = spec, points, rows
        self._compared = np.ascontiguousarray(points[rows].T)
        self._divisions: list[Indices | None] = []

    def first(self, count: int) -> Sequence[Indices | None]:
        """The first `count` divisions; None for a resample without segments."""
        for number in range(len(self._divisions), count):
            generator = np.random.default_rng(number)
            drawn = np.unique(generator.integers(len(self._points), size=min(DRAWS, len(self._points))))
            self._divisions.append(self._divided(drawn, len(SEEDS) + number))
        return self._divisions[:count]

    def by_seed(self, seed: int) -> Indices | None:
        """The division of the compared customers themselves by another seed."""
        return self._divided(self._rows, seed)

    def _divided(self, rows: Indices, seed: int) -> Indices | None:
        spec = self._spec.for_share(len(rows) / len(self._points))
        try:
            fit = spec.fit(np.ascontiguousarray(self._points[rows]), seed)
        except NoSegmentsError:
            return None
        nearest: Indices = fit.assigner.nearest(self._compared).segment
        return nearest


def _resampled(references: Sequence[Indices], segments: int, resamples: Resamples, most: int) -> Recovery:
    """Resample until it is clear whether every segment of every reference is found again."""
    count = BATCH
    while True:
        divisions = resamples.first(count)
        similarities = np.array([[_similarities(own, other, segments) for own in references] for other in divisions])
        means = similarities.mean(axis=0)
        errors = similarities.std(axis=0, ddof=1) / np.sqrt(count)
        lower, upper = (means - OF_90_PERCENT * errors).min(), (means + OF_90_PERCENT * errors).min()
        refused = (means + CLEARLY * errors).min() < LEAST_RECOVERED
        decided = count >= FEWEST and not lower < LEAST_RECOVERED <= upper
        if refused or decided or count >= most:
            return Recovery(means[0], float(lower), float(upper), count)
        count += BATCH


def _similarities(own: Indices, other: Indices | None, segments: int) -> Floats:
    return np.zeros(segments) if other is None else best_matches(own, other, segments, int(other.max()) + 1)
