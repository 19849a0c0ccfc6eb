"""The protocol of an assigner: the frozen part of a segment model that puts encoded customers into segments.

An assigner works on encoded points, (width, n). The arithmetic of an answer runs dimension by dimension, never through
BLAS, whose rounding depends on the size of the batch: so a customer gets the same bits alone and among a million.

All other code asks the assigner for everything that depends on the algorithm. `all_assigners` lists the assigners.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self

from numpy.typing import NDArray

from segment_model.assigners.nearest import Nearest
from segment_model.assigners.quadratic_distances import QuadraticDistances
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.explanation.explainer import Background, Explainer


class Assigner(Protocol):
    """Puts encoded customers into segments, which are positions 0 to `size` - 1."""

    KIND: ClassVar[str]  # names the assigner in a saved model; never changes
    ALGORITHM: ClassVar[str]  # names the algorithm in settings, in `GET /model` and in the documentation

    @property
    def size(self) -> int:
        """The number of segments."""
        ...

    @property
    def sites(self) -> Floats | None:
        """(segments, width) points of which the nearest one, by Euclidean distance, decides alone.

        None where the borders between segments are not those of a Voronoi diagram.
        """
        ...

    @property
    def quadratic(self) -> QuadraticDistances | None:
        """The distances as formulas, by which other engines assign too; None where they are not quadratic."""
        ...

    @property
    def exemplar_count(self) -> int:
        """The number of training customers whose encoded rows the assigner keeps."""
        ...

    def nearest(self, points: Floats) -> Nearest:
        """The two nearest segments of (width, n) points."""
        ...

    def centres(self) -> Floats:
        """(segments, width): an estimate of the mean of each segment's customers, from the assigner's arrays."""
        ...

    def places_in(self, segment: int, most: int) -> Floats | None:
        """(m, width) points inside a segment, `most` to twice as many; None where only its centre is known."""
        ...

    def without(self, ended: Indices) -> Self:
        """The assigner without the `ended` segments (positions), two or more of which must remain."""
        ...

    def learn_explainer(self, encoder: Encoder, background: Background) -> Explainer:
        """The explainer of this assigner's answers, against the training customers as the background."""
        ...

    def stored_explainer(self, encoder: Encoder, arrays: Mapping[str, NDArray[Any]]) -> Explainer:
        """The explainer whose `arrays` were saved.

        Raises
        ------
        KeyError, ValueError
            If an array is missing or has another form.
        """
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything that the assigner learned, by name."""
        ...

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The assigner whose `arrays` were saved.

        Raises
        ------
        KeyError, ValueError
            If an array is missing or has another form.
        """
        ...
