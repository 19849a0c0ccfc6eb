"""The base class of the algorithms' settings: what all entries of `discovery.algorithms` have in common.

An entry makes the candidates that it asks for. It imports them only then, because every command reads the settings, and
the libraries that fit candidates take seconds to import.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from features.settings import Settings as Block

if TYPE_CHECKING:
    from training.candidates.candidate import CandidateSpec, FittingContext


class AlgorithmSettings(Block):
    """One entry of `discovery.algorithms`. A subclass narrows `algorithm` to its own name, with that as the default."""

    algorithm: str

    @classmethod
    def algorithm_name(cls) -> str:
        """The name by which a settings file asks for this algorithm."""
        return str(cls.model_fields["algorithm"].default)

    @abstractmethod
    def candidates(self, context: FittingContext) -> Sequence[CandidateSpec]:
        """Every candidate that this entry asks for."""
