"""Coarser divisions as unions of the chosen segments: a flat coarser division usually cuts through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import adjusted_rand_score

from segment_model.encoding.encoder import Floats, Indices


@dataclass(frozen=True)
class Union:
    """The chosen segments united into fewer: `members` has the union, from 0, of each chosen segment.

    agreement : the adjusted Rand index to the flat division into as many segments.
    """

    segments: int
    members: tuple[int, ...]
    agreement: float


def united(points: Floats, labels: Indices, segments: int) -> list[tuple[int, ...]]:
    """The unions of the segments of (n, width) points, one fewer each time down to two.

    Each step unites the two whose union adds least to the sum of squared distances (Ward 1963), so that every coarser
    division unites segments of the finer. labels : (n,) segments, each with a customer. Unions are numbered by their
    first segment.
    """
    sizes = np.bincount(labels, minlength=segments).astype(np.float64)
    sums = np.stack([np.bincount(labels, weights=column, minlength=segments) for column in points.T], axis=1)
    means = sums / sizes[:, None]
    members = np.arange(segments)
    steps = []
    for _ in range(segments - 2):
        alive = np.unique(members)
        costs = {
            (a, b): sizes[a] * sizes[b] / (sizes[a] + sizes[b]) * float(((means[a] - means[b]) ** 2).sum())
            for place, a in enumerate(alive)
            for b in alive[place + 1 :]
        }
        first, second = min(costs, key=lambda pair: costs[pair])
        means[first] = (sizes[first] * means[first] + sizes[second] * means[second]) / (sizes[first] + sizes[second])
        sizes[first] += sizes[second]
        members = np.where(members == second, first, members)
        steps.append(tuple(int(number) for number in np.unique(members, return_inverse=True)[1]))
    return steps


def union_of(members: tuple[int, ...], labels: Indices, flat: Indices) -> Union:
    """A union beside the flat division (n,) into as many segments; labels : (n,) the chosen segments."""
    agreement = adjusted_rand_score(flat, np.asarray(members)[labels])
    return Union(max(members) + 1, members, float(agreement))
