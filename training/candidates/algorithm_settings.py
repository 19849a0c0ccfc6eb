"""The base class of the algorithms' settings: what all entries of `discovery.algorithms` have in common.

An entry makes the candidates that it asks for. It imports them only then, because every command reads the settings, and
the libraries that fit candidates take seconds to import.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from features.settings import Settings as Block

if TYPE_CHECKING:
    from training.candidates.candidate import CandidateSpec, FittingContext


class AlgorithmSettings(Block):
    """One entry of `discovery.algorithms`. A subclass narrows `algorithm` to its own name, with that as the default."""

    FIXED: ClassVar[tuple[str, ...]] = ("segments",)  # parameters of a candidate that a retrain does not change

    algorithm: str

    @classmethod
    def algorithm_name(cls) -> str:
        """The name by which a settings file asks for this algorithm."""
        return str(cls.model_fields["algorithm"].default)

    @abstractmethod
    def candidates(self, context: FittingContext) -> Sequence[CandidateSpec]:
        """Every candidate that this entry asks for."""

    def beyond(self, numbers: Collection[int]) -> Sequence[CandidateSpec]:  # noqa: ARG002  (by default none)
        """More candidates, once it is known that those so far found groups in these numbers of segments."""
        return ()

    def started_at(self, spec: CandidateSpec, context: FittingContext) -> CandidateSpec | None:  # noqa: ARG002
        """The candidate that starts at the segments of another one; None where this entry makes none."""
        return None

    def for_segments(self, least: int, most: int) -> Self:
        """The same entry for numbers of segments from `least` to `most`, if it is asked for a number at all."""
        asks = "segments" in type(self).model_fields
        return self.model_copy(update={"segments": (least, most)}) if asks else self

    def continued(self, parameters: Mapping[str, Any], context: FittingContext) -> CandidateSpec | None:
        """The candidate that makes the segments of a serving model anew; None where the entry does not ask for them.

        parameters : those in that model's provenance. By default the candidate with the same `FIXED` parameters.
        """
        for spec in self.candidates(context):
            if all(spec.parameters.get(name) == parameters.get(name) for name in self.FIXED):
                return spec
        return None
