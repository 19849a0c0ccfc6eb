"""The protocol of a candidate: an algorithm with its parameters, which fits encoded points to an assigner.

Candidates are fitted on one thread, because KMeans' centres depend on the number of threads (measured), and a
reproducible result is worth more than the seconds saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from segment_model.assigners.assigner import Assigner
from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import DiscoveryError
from training.fitting.top_of_means import TopOfMeans

REFITS = 10  # bootstrap samples for a verdict; candidates that take long to fit use fewer
KMEANS_SAMPLE = 20_000  # customers that the random starts of KMeans fit


@dataclass(frozen=True)
class FittingContext:
    """Facts about the training customers from which settings make candidates.

    customers : their number. tie_variance : (width,) variance that tied values hide in each encoded column
    (`separation.tie_blurring`).
    """

    customers: int
    tie_variance: tuple[float, ...]


@dataclass(frozen=True)
class Fit:
    """The result of a fit.

    assigner : assigns any customer. rows, labels : the customers that the algorithm clustered and its segments of them,
    (m,) each; -1 is no segment. facts : the algorithm's own scores. chosen : the candidate with the parameters that the
    fit selected, which refits keep; None if it selects none. of_means : whether the assigner's centroids are the means
    of the customers nearest to them, so that Lloyd's steps on more customers refine them. top : the centroids apart,
    where all but one are such means, and that one is the mean of a top. confusion : the largest share of a segment's
    customers whom another one probably takes in, 0..1; 0 where the algorithm knows no probabilities.
    """

    assigner: Assigner
    rows: Indices
    labels: Indices
    facts: Mapping[str, float]
    chosen: CandidateSpec | None = None
    of_means: bool = False
    top: TopOfMeans | None = None
    confusion: float = 0.0


class NoSegmentsError(DiscoveryError):
    """An algorithm makes no usable segments of these customers; the message says why."""


class CandidateSpec(Protocol):
    """An algorithm with its parameters."""

    @property
    def name(self) -> str:
        """The algorithm and the parameters that distinguish this candidate, for people."""
        ...

    @property
    def algorithm(self) -> str:
        """The name of the algorithm's settings."""
        ...

    @property
    def parameters(self) -> dict[str, Any]:
        """Plain values, for the run and the model's provenance."""
        ...

    @property
    def needs_gaps(self) -> bool:
        """Whether the candidate is refused unless gaps separate its segments."""
        ...

    @property
    def divides_continuum(self) -> bool:
        """Whether the algorithm makes as many segments as it is asked for, also where nothing parts them."""
        ...

    @property
    def refits(self) -> int:
        """The number of bootstrap samples on which a verdict fits the candidate."""
        ...

    def fit(self, points: Floats, seed: int) -> Fit:
        """Fit (n, width) points.

        Raises
        ------
        NoSegmentsError
            If the algorithm finds fewer than two segments, or none that can be served.
        """
        ...

    def for_share(self, share: float) -> CandidateSpec:
        """The same candidate for a sample with this share of the customers."""
        ...

    def centres_of(self, points: Floats, labels: Indices) -> Floats | None:
        """Centres (segments, width), of which the nearest decides, estimated from segments of (n, width) points.

        labels : (n,) positions, -1 for none. None where the algorithm's borders have no such centres, or a segment has
        no customer.
        """
        ...


class UsualSpec:
    """What most candidates answer; a candidate overrides the answers in which it differs."""

    @property
    def needs_gaps(self) -> bool:
        return False

    @property
    def divides_continuum(self) -> bool:
        return False

    @property
    def refits(self) -> int:
        return REFITS

    def for_share(self, share: float) -> Self:  # noqa: ARG002  (nothing here depends on the number of customers)
        return self

    def centres_of(self, points: Floats, labels: Indices) -> Floats | None:  # noqa: ARG002  (no centres decide)
        return None


@dataclass(frozen=True)
class DerivedSpec:
    """What a candidate has in common with the one from which it is derived, `spec`; a gap is never its condition."""

    spec: CandidateSpec

    @property
    def algorithm(self) -> str:
        return self.spec.algorithm

    @property
    def needs_gaps(self) -> bool:
        return False

    @property
    def divides_continuum(self) -> bool:
        return self.spec.divides_continuum

    @property
    def refits(self) -> int:
        return self.spec.refits


@dataclass(frozen=True)
class KeptSpec(DerivedSpec):
    """Segments that are there already: `fit` returns them as they are; a sample makes them anew by `spec`."""

    title: str
    kept: Fit

    @property
    def name(self) -> str:
        return self.title

    @property
    def parameters(self) -> dict[str, Any]:
        return self.spec.parameters

    def for_share(self, share: float) -> CandidateSpec:
        return self.spec.for_share(share)

    def centres_of(self, points: Floats, labels: Indices) -> Floats | None:
        return self.spec.centres_of(points, labels)

    def fit(self, points: Floats, seed: int) -> Fit:  # noqa: ARG002  (they were fitted before)
        return self.kept


def sample_rows(count: int, most: int, seed: int) -> Indices:
    """Row numbers of a random sample of at most `most` of `count` rows, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def largest_first(labels: Indices, segments: int) -> tuple[Indices, Indices]:
    """The order (segments,) of the segments by size, largest first, and the labels (n,) renumbered to it; -1 stays."""
    order = np.argsort(-np.bincount(labels[labels >= 0], minlength=segments), kind="stable")
    place = np.append(np.empty_like(order), -1)
    place[order] = np.arange(segments)
    return order, place[labels].astype(np.intp)


def means_of(points: Floats, labels: Indices, segments: int) -> Floats | None:
    """The means (segments, width) of (n, width) points by segment; None if one has no customer.

    labels : (n,) positions, -1 for none.
    """
    known = labels >= 0
    sizes = np.bincount(labels[known], minlength=segments)
    if not np.all(sizes):
        return None
    sums = [np.bincount(labels[known], weights=column, minlength=segments) for column in points[known].T]
    return np.asarray(np.column_stack(sums) / sizes[:, None])
