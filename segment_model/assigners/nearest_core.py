"""HDBSCAN's assigner: a customer belongs to the segment of the nearest exemplar of a dense region, or to none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from segment_model.array_equality import ComparedByArrays
from segment_model.assigners.nearest import Nearest
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.explanation.core import CoreExplainer
from segment_model.explanation.explainer import Background

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

SOFTNESS = 0.5  # the share of an exemplar's core distance below which no distance to it falls


@dataclass(frozen=True, eq=False)
class NearestCore(ComparedByArrays):
    """HDBSCAN: a customer belongs to the segment of the exemplar with the smallest soft reachability distance.

    The soft reachability distance from a customer z to an exemplar e is √(‖z − e‖² + (core(e) / 2)²). Like the mutual
    reachability distance of Campello et al. (2013), it never falls below a share of the exemplar's core distance, so an
    exemplar in a dense region is nearer than a lone one. Unlike it, it is smooth, and it is the Euclidean distance to
    the point (e, core(e) / 2) in a space of one more dimension, so one search tree answers it. A customer is outside
    when an exemplar of the noise is nearer than any segment, or when the nearest segment is farther than that
    segment's `reach`. Decision 5 has the measurements.

    exemplars : (m, width); core : (m,) distance to the `min_samples`-th neighbour among all customers that HDBSCAN saw;
    owner : (m,) position of the segment, -1 for noise; every segment owns at least one; reach : (segments,).
    """

    exemplars: Floats
    core: Floats
    owner: Indices
    reach: Floats
    KIND: ClassVar[str] = "nearest_core"
    ALGORITHM: ClassVar[str] = "hdbscan"

    @property
    def size(self) -> int:
        return len(self.reach)

    @property
    def sites(self) -> None:
        return None

    @property
    def quadratic(self) -> None:
        return None

    @property
    def exemplar_count(self) -> int:
        return len(self.exemplars)

    @cached_property
    def places(self) -> Floats:
        """The exemplars in the space of one more dimension: (m, width + 1)."""
        return np.column_stack([self.exemplars, SOFTNESS * self.core])

    @cached_property
    def _all(self) -> cKDTree:
        return _tree(self.places)

    @cached_property
    def _assigned(self) -> tuple[cKDTree, Indices]:
        """All exemplars but the noise, and their owners."""
        rows = self.owner >= 0
        return _tree(self.places[rows]), self.owner[rows]

    @cached_property
    def _own(self) -> dict[int, cKDTree]:
        """Each segment's exemplars, and the noise's under -1; the noise may have none."""
        return {int(owner): _tree(self.places[self.owner == owner]) for owner in np.unique(self.owner)}

    @cached_property
    def _others(self) -> dict[int, tuple[cKDTree, Indices]]:
        """For each segment, the exemplars of all others and their owners, among which its runner-up is searched."""
        others = {}
        for segment in range(self.size):
            rows = (self.owner >= 0) & (self.owner != segment)
            others[segment] = (_tree(self.places[rows]), self.owner[rows])
        return others

    def distance_to(self, segment: int, points: Floats) -> Floats:
        """Soft reachability distance of (width, n) points to one segment (-1: the noise): (n,)."""
        if segment not in self._own:
            return np.full(points.shape[1], np.inf)
        distance: Floats = self._own[segment].query(lifted(points))[0]
        return distance

    def nearest(self, points: Floats) -> Nearest:
        """Nearest by soft reachability distance."""
        customers = lifted(points)
        nearest_of_all, exemplar = self._all.query(customers)
        distance, segment = nearest_of_all, self.owner[exemplar]
        in_noise = np.flatnonzero(segment < 0)
        if in_noise.size:  # they still have a nearest segment
            tree, owner = self._assigned
            distance = nearest_of_all.copy()
            distance[in_noise], exemplar = tree.query(customers[in_noise])
            segment[in_noise] = owner[exemplar]
        outside = (nearest_of_all < distance) | (distance > self.reach[segment])
        runner_up = np.full(len(customers), -1, dtype=np.intp)
        runner_up_distance = np.full(len(customers), np.nan)
        if self.size > 1:
            for position in np.unique(segment):
                rows = np.flatnonzero(segment == position)
                tree, owner = self._others[int(position)]
                runner_up_distance[rows], exemplar = tree.query(customers[rows])
                runner_up[rows] = owner[exemplar]
        return Nearest(segment, runner_up, distance, runner_up_distance, outside)

    def centres(self) -> Floats:
        """The mean of each segment's exemplars."""
        return np.array([self.exemplars[self.owner == segment].mean(axis=0) for segment in range(self.size)])

    def places_in(self, segment: int, most: int) -> Floats:
        owned = self.exemplars[self.owner == segment]
        places: Floats = owned[:: max(1, len(owned) // most)]
        return places

    def without(self, ended: Indices) -> NearestCore:
        rows = ~np.isin(self.owner, ended)
        earlier = np.searchsorted(np.sort(ended), np.arange(self.size))  # ended segments before each position
        position = np.append(np.arange(self.size) - earlier, -1)
        owner = position[self.owner[rows]].astype(np.intp)
        return NearestCore(self.exemplars[rows], self.core[rows], owner, np.delete(self.reach, ended))

    def learn_explainer(self, encoder: Encoder, background: Background) -> CoreExplainer:
        return CoreExplainer(encoder, self, *background.prototypes())

    def stored_explainer(self, encoder: Encoder, arrays: Mapping[str, NDArray[Any]]) -> CoreExplainer:
        return CoreExplainer(encoder, self, arrays["background"], arrays["weights"])

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"exemplars": self.exemplars, "core": self.core, "owner": self.owner, "reach": self.reach}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> NearestCore:
        return cls(arrays["exemplars"], arrays["core"], arrays["owner"], arrays["reach"])


def lifted(points: Floats) -> Floats:
    """(width, n) points as rows of the space of one more dimension, where customers stand at 0: (n, width + 1)."""
    customers = np.zeros((points.shape[1], points.shape[0] + 1))
    customers[:, :-1] = points.T
    return customers


def _tree(places: Floats) -> cKDTree:
    from scipy.spatial import cKDTree  # its import takes as long as all others of a model together

    return cKDTree(places, leafsize=32)  # measured: twice as fast in 10 dimensions as the usual 16
