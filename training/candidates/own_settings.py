"""The entry of `discovery.algorithms` for an algorithm of the user's own, which a notebook passes as an object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field

from segment_model.errors import SettingsError
from training.candidates.algorithm_settings import AlgorithmSettings

if TYPE_CHECKING:
    from training.candidates.candidate import CandidateSpec, FittingContext


class OwnSettings(AlgorithmSettings):
    """An algorithm of the user's own; no settings file can name it, so it is in no registry.

    own : the object, which is not written.
    """

    FIXED: ClassVar[tuple[str, ...]] = ()

    algorithm: str = "own"
    name: str
    parameters: dict[str, Any]
    own: Any = Field(exclude=True)

    @classmethod
    def of(cls, own: Any) -> Self:
        """The entry of an object that follows `candidates.own.OwnAlgorithm`.

        Raises
        ------
        SettingsError
            If it has no method `fit`, or is a class.
        """
        if isinstance(own, type):
            raise SettingsError(f"algorithms: {own.__name__} is a class; pass an object: {own.__name__}()")
        if not callable(getattr(own, "fit", None)):
            raise SettingsError(
                f"algorithms: {type(own).__name__} is no algorithm: name one ('kmeans', 'hdbscan', "
                "'gaussian_mixture'), pass its settings as a dict, or an object whose fit(points, seed) returns labels"
            )
        name = str(getattr(own, "name", type(own).__name__))
        return cls(name=name, parameters=dict(getattr(own, "parameters", {})), own=own)

    def candidates(self, context: FittingContext) -> Sequence[CandidateSpec]:  # noqa: ARG002  (it is one already)
        """The algorithm itself."""
        from training.candidates.own import OwnSpec

        return [OwnSpec(self.own, self.name, self.parameters)]
