"""All customers, where those in memory are a sample of them: what a discovery fetches from their engine."""

from __future__ import annotations

from typing import Protocol

from features.conditions.on_vectors.vector_figures import VectorFigures
from segment_model.assigners.assigner import Assigner
from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Encoder, Floats
from segment_model.model import SegmentModel
from training.fitting.lloyd import SegmentSums
from training.profiling.profile import Population


class AssignedEveryone(Population, Protocol):
    """All customers in their segments; moved : how many another assigner puts elsewhere."""

    @property
    def moved(self) -> int:
        """How many customers are in another segment than by the former assigner."""
        ...


class Everyone(Protocol):
    """All customers, in an engine."""

    @property
    def customers(self) -> int:
        """Their number."""
        ...

    @property
    def missing(self) -> frozenset[str]:
        """The columns in which some customer has no value."""
        ...

    @property
    def figures(self) -> VectorFigures:
        """What conditions ask of their vectors."""
        ...

    def shares(self, model: SegmentModel) -> Floats:
        """The shares, (segments,), of all in the segments of another model, which reads their basis columns."""
        ...

    def sums(self, contract: VectorContract, encoder: Encoder, centroids: Floats) -> SegmentSums:
        """Counts and sums of their encoded points by nearest centroid, (segments, width)."""
        ...

    def assigned(
        self, contract: VectorContract, encoder: Encoder, assigner: Assigner, former: Assigner
    ) -> AssignedEveryone:
        """All of them in the segments of `assigner`, beside those of `former`."""
        ...
