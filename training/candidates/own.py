"""An algorithm of the user's own, as a candidate: its labels, and an assigner of ours that answers like it.

A model serves without the user's code. So the algorithm returns one of our assigners beside its labels, or we choose
exemplars among the customers, of which the nearest decides; the share of customers who get the algorithm's own label is
the candidate's `agreement`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
from scipy.spatial import cKDTree

from segment_model.assigners.all_assigners import ASSIGNERS
from segment_model.assigners.assigner import Assigner
from segment_model.assigners.nearest_core import NearestCore
from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import DiscoveryError, SegmentsError, shown
from training.candidates.candidate import Fit, NoSegmentsError, UsualSpec, largest_first, sample_rows
from training.fitting.exemplars import Clustered, condense, members_as_probes

MOST_CUSTOMERS = 10_000  # among whom exemplars are chosen
LEAST_AGREEMENT = 0.99  # of the assigner with the algorithm's labels, for a model that can be served
Answer: TypeAlias = Indices | tuple[Indices, Floats | Assigner] | Fit


class OwnAlgorithm(Protocol):
    """An algorithm of your own, for `segments.discover(..., algorithms=[MyAlgorithm()])`.

    It may also have a `name` for people, `parameters` (a dict of plain values), and `divides_continuum`: False says
    that it makes as many segments as the customers show rather than as many as it is asked for. `for_share(share)`, if
    it has one, is the same algorithm for a sample with this share of the customers.

    Examples
    --------
    >>> import numpy as np, pandas as pd, segments
    >>> from sklearn.cluster import AgglomerativeClustering
    >>> class Ward:
    ...     name = "Ward, 2 segments"
    ...     def fit(self, points, seed):
    ...         return AgglomerativeClustering(2).fit_predict(points)
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame(np.r_[rng.normal(0, 1, (90, 2)), rng.normal(9, 1, (60, 2))], columns=["spend", "visits"])
    >>> discovered = segments.discover(frame, algorithms=[Ward()])
    >>> sorted(discovered.labels.value_counts())
    [60, 90]
    """

    def fit(self, points: Floats, seed: int) -> Answer:
        """Cluster (n, width) points, standardised as the encoding settings say.

        Returns labels (n,), whole numbers, negative where a customer is in no segment; or a pair of them and of
        either (m, width) exemplars, of which the nearest decides, or one of our assigners, in whose numbering the
        labels are. It is called again on samples, to see whether the segments are found again; the same points and seed
        must give the same labels.
        """
        ...


@dataclass(frozen=True)
class OwnSpec(UsualSpec):
    """A candidate of the user's own; `own_settings` makes it."""

    own: OwnAlgorithm
    name: str
    parameters: dict[str, Any]
    algorithm: str = "own"

    @property
    def divides_continuum(self) -> bool:
        return bool(getattr(self.own, "divides_continuum", True))

    def for_share(self, share: float) -> Self:
        scaled = getattr(self.own, "for_share", None)
        return self if scaled is None else replace(self, own=scaled(share))

    def fit(self, points: Floats, seed: int) -> Fit:
        """The algorithm's labels, and the assigner that answers like it.

        Raises
        ------
        NoSegmentsError
            If it finds fewer than two segments.
        DiscoveryError
            If it fails, or returns something else than the protocol says.
        """
        try:
            answer = self.own.fit(points, seed)
        except SegmentsError:
            raise
        except Exception as error:  # whatever the user's own code raises; it is chained
            raise DiscoveryError(f"{self.name}: fit failed: {in_one_line(error)}") from error
        if isinstance(answer, Fit):
            return answer
        labels, beside = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, None)
        labels = self._checked(labels, len(points))
        if isinstance(beside, ASSIGNERS):
            if labels.max() >= beside.size:
                raise DiscoveryError(
                    f"{self.name}: label {labels.max()} is no segment of its assigner, which has 0 to {beside.size - 1}"
                )
            return Fit(beside, np.arange(len(points)), labels, {})
        different = np.unique(labels[labels >= 0])
        if len(different) < 2:
            raise NoSegmentsError("fewer than two segments")
        numbered = np.where(labels < 0, -1, np.searchsorted(different, labels)).astype(np.intp)
        _, labels = largest_first(numbered, len(different))
        assigner = _chosen(points, labels, seed) if beside is None else self._given(beside, points, labels)
        return Fit(assigner, np.arange(len(points)), labels, {"exemplars": float(assigner.exemplar_count)})

    def _checked(self, labels: Any, count: int) -> Indices:
        array = np.asarray(labels)
        if array.shape != (count,) or array.dtype.kind not in "iu":
            raise DiscoveryError(
                f"{self.name}: fit returns a whole number for each of the {count:,} points, an array of shape "
                f"({count},); got {_form_of(labels)}. With an assigner or exemplars, return a pair: labels first"
            )
        return array.astype(np.intp)

    def _given(self, exemplars: Any, points: Floats, labels: Indices) -> NearestCore:
        """The assigner of exemplars that the algorithm names; each is of the segment of the customer nearest to it."""
        places = np.asarray(exemplars, dtype=np.float64) if isinstance(exemplars, np.ndarray | list) else None
        if places is None or places.ndim != 2 or places.shape[1] != points.shape[1]:
            names = ", ".join(assigner.__name__ for assigner in ASSIGNERS)
            raise DiscoveryError(
                f"{self.name}: beside the labels, fit returns exemplars of shape (m, {points.shape[1]}) or an assigner "
                f"({names}); got {_form_of(exemplars)}"
            )
        owner = labels[cKDTree(points).query(places)[1]]
        if absent := set(range(int(labels.max()) + 1)) - set(owner.tolist()):
            raise DiscoveryError(f"{self.name}: no exemplar is in {len(absent)} of the segments; name one in each")
        return NearestCore(places, np.zeros(len(places)), owner, np.full(int(labels.max()) + 1, np.inf))


def _chosen(points: Floats, labels: Indices, seed: int) -> NearestCore:
    """The assigner of few customers that answers like the labels; nobody is outside where no label is negative."""
    rows = sample_rows(len(points), MOST_CUSTOMERS, seed)
    segments = int(labels.max()) + 1
    births = np.full(segments, np.inf if labels.min() >= 0 else 0.0)
    clustered = Clustered(np.ascontiguousarray(points[rows]), np.zeros(len(rows)), labels[rows], births)
    generator = np.random.default_rng(seed)
    return condense(clustered, members_as_probes(clustered, generator), generator)


def _form_of(refused: Any) -> str:
    """What was returned instead, in a few words."""
    shape = getattr(refused, "shape", None)
    if shape is not None:
        return f"an array of shape {shape} and type {refused.dtype}"
    return (
        f"{type(refused).__name__} {shown(refused)}"
        if isinstance(refused, str | int | float)
        else type(refused).__name__
    )


def in_one_line(error: Exception) -> str:
    """An error of the user's own code: its type and the first line of what it says."""
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first:.200}" if first else type(error).__name__
