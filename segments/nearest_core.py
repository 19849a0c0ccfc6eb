"""HDBSCAN's assigner: a customer belongs where the nearest dense place belongs, or nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from segments.assigners import Nearest, two_smallest
from segments.encoder import Floats, Indices


@dataclass(frozen=True)
class NearestCore:
    """HDBSCAN: a customer belongs to the segment of the exemplar with the smallest reachability distance.

    The reachability distance to an exemplar is max(Euclidean distance, the exemplar's core distance): the mutual
    reachability of Campello et al. (2013) without the newcomer's own core distance, which only a look at all
    training rows could tell. A customer is outside when an exemplar of the noise is nearer than any segment, or when
    the nearest segment is farther than that segment's `reach`, the distance at which it was born (1 / λ).

    exemplars : (m, width); core : (m,); owner : (m,) position of the segment, -1 for noise; reach : (segments,).
    """

    exemplars: Floats
    core: Floats
    owner: Indices
    reach: Floats
    KIND: ClassVar[str] = "nearest_core"

    FIRST_NEIGHBOURS: ClassVar[int] = 8

    @property
    def size(self) -> int:
        return len(self.reach)

    @cached_property
    def _members(self) -> dict[int, tuple[cKDTree, Floats]]:
        groups = {}
        for segment in range(-1, self.size):
            rows = np.flatnonzero(self.owner == segment)
            if rows.size:
                groups[segment] = (cKDTree(self.exemplars[rows]), self.core[rows])
        return groups

    def distance_to(self, segment: int, points: Floats) -> Floats:
        """Reachability distance of (width, n) points to one segment's exemplars (-1: the noise): (n,)."""
        if segment not in self._members:
            return np.full(points.shape[1], np.inf)
        tree, core = self._members[segment]
        customers = np.ascontiguousarray(points.T)
        best = np.full(len(customers), np.inf)
        open_rows = np.arange(len(customers))
        neighbours = min(self.FIRST_NEIGHBOURS, tree.n)
        while open_rows.size:
            distance, index = tree.query(customers[open_rows], k=np.arange(1, neighbours + 1))
            best[open_rows] = np.maximum(distance, core[index]).min(axis=1)
            # a farther exemplar can only win where the last one looked at is still nearer than the best
            open_rows = open_rows[distance[:, -1] < best[open_rows]]
            if neighbours == tree.n:
                break
            neighbours = min(4 * neighbours, tree.n)
        return best

    def nearest(self, points: Floats) -> Nearest:
        """Nearest by reachability distance."""
        distances = np.vstack([self.distance_to(segment, points) for segment in range(self.size)])
        segment = np.argmin(distances, axis=0)
        nearest = distances[segment, np.arange(points.shape[1])]
        outside = (nearest > self.reach[segment]) | (self.distance_to(-1, points) < nearest)
        return two_smallest(distances, outside)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"exemplars": self.exemplars, "core": self.core, "owner": self.owner, "reach": self.reach}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> NearestCore:
        return cls(arrays["exemplars"], arrays["core"], arrays["owner"], arrays["reach"])
