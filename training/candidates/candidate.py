"""How a candidate is made: an algorithm with its parameters, which fits encoded points and returns an assigner.

Everything is fitted on one thread: KMeans' centres depend on how many threads share the work (measured), and a result
that repeats to the bit is worth more than the seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from segment_model.assigners.assigner import Assigner
from segment_model.encoding.encoder import Floats, Indices

REFITS = 10  # bootstrap samples; of recipes that take long, fewer
MOST_SEARCHED = 20_000  # customers that random starts of KMeans look at


@dataclass(frozen=True)
class Fit:
    """A fitted assigner.

    `labels` are what the algorithm gave the customers at `rows` (-1: no segment), `facts` its own scores.
    """

    assigner: Assigner
    rows: Indices
    labels: Indices
    facts: Mapping[str, float]


class Recipe(Protocol):
    """An algorithm with its parameters."""

    @property
    def name(self) -> str: ...

    @property
    def algorithm(self) -> str: ...

    @property
    def parameters(self) -> dict[str, Any]: ...

    @property
    def needs_gaps(self) -> bool:
        """Is it of no use where no gaps part its segments? It is then not judged."""
        ...

    @property
    def refits(self) -> int:
        """How often a verdict fits it anew to see whether its segments are found again."""
        ...

    def fit(self, points: Floats, seed: int) -> Fit | None:
        """Fit (n, width) points; None where these points hold fewer than two segments."""
        ...

    def for_share(self, share: float) -> Recipe:
        """The same recipe for a share of the customers."""
        ...


def sample_rows(count: int, most: int, seed: int) -> Indices:
    """Row numbers of a random sample of at most `most`, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
