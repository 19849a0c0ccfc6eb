"""The protocol of a candidate: an algorithm with its parameters, which fits encoded points to an assigner.

Candidates are fitted on one thread, because KMeans' centres depend on the number of threads (measured), and a
reproducible result is worth more than the seconds saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from segment_model.assigners.assigner import Assigner
from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import DiscoveryError
from training.incumbent.warm_start import COLD_START, WarmStart

REFITS = 10  # bootstrap samples behind a verdict; fewer of candidates that take long to fit
MOST_SEARCHED = 20_000  # customers that random starts look at


@dataclass(frozen=True)
class FittingContext:
    """What is known of the customers before a candidate is fitted.

    customers : how many there are. tie_variance : (width,) variance that ties hide in each encoded column
    (`evaluation.tie_blurring`). warm_start : the serving model's segments among these customers.
    """

    customers: int
    tie_variance: tuple[float, ...]
    warm_start: WarmStart = COLD_START


@dataclass(frozen=True)
class Fit:
    """A fitted assigner.

    `labels` are what the algorithm gave the customers at `rows` (-1: no segment), `facts` its own scores. chosen : the
    candidate with the parameters that the fit itself chose, where it chooses any; refits keep them.
    """

    assigner: Assigner
    rows: Indices
    labels: Indices
    facts: Mapping[str, float]
    chosen: CandidateSpec | None = None


class NoSegmentsError(DiscoveryError):
    """An algorithm makes no usable segments of these customers; the message says why."""


class CandidateSpec(Protocol):
    """An algorithm with its parameters."""

    @property
    def name(self) -> str:
        """What a person reads: the algorithm and what tells this candidate from the others."""
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
        """Whether it is of use only where gaps separate its segments. Without them it is not judged."""
        ...

    @property
    def refits(self) -> int:
        """On how many bootstrap samples a verdict fits it anew."""
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
        """The same candidate for a share of the customers, without a warm start."""
        ...


def sample_rows(count: int, most: int, seed: int) -> Indices:
    """Row numbers of a random sample of at most `most` of `count` rows, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def largest_first(labels: Indices, segments: int) -> tuple[Indices, Indices]:
    """The segments' positions (segments,) with the largest first, and the labels (n,) renumbered so; -1 stays."""
    order = np.argsort(-np.bincount(labels[labels >= 0], minlength=segments), kind="stable")
    place = np.append(np.empty_like(order), -1)
    place[order] = np.arange(segments)
    return order, place[labels].astype(np.intp)
