"""Explanations, and the protocol of an explainer.

An explanation is the Shapley values of the margin between two segments, in the interventional game of Lundberg and
Lee (2017): a column outside the coalition takes the values of a background. Base plus contributions is the explained
score, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segment_model.array_equality import ComparedByArrays
from segment_model.encoding.encoder import Floats, Indices

if TYPE_CHECKING:
    import pandas as pd
    import shap

CONTRIBUTION = "contribution__"  # begins the name of a contribution's column in a table


@dataclass(frozen=True, eq=False)
class Explanations(ComparedByArrays):
    """n explanations of p columns: score = base + contributions.sum(axis=1), the margin of A (`toward`) over B.

    toward, against : (n,) positions of segments; `against` is -1 where there is only one segment, and then every
    number is 0. base, score : (n,). contributions : (n, p), in the order of `columns`. A positive contribution
    speaks for A.
    """

    columns: tuple[str, ...]
    toward: Indices
    against: Indices
    base: Floats
    contributions: Floats
    score: Floats

    def table(self, index: pd.Index[Any]) -> pd.DataFrame:
        """One row an explanation: base, score, and each column's contribution as `contribution__<column>`."""
        import pandas as pd

        names = [f"{CONTRIBUTION}{column}" for column in self.columns]
        contributions = pd.DataFrame(self.contributions, index=index, columns=names)
        return pd.concat([pd.DataFrame({"base": self.base, "score": self.score}, index=index), contributions], axis=1)

    def to_shap(self, data: NDArray[np.object_]) -> shap.Explanation:
        """As the object that shap's plots take; data : (n, p) values in the user's units."""
        import shap  # imports numba, which takes seconds; assignments never wait for it

        return shap.Explanation(
            values=np.ascontiguousarray(self.contributions),
            base_values=self.base,
            data=data,
            feature_names=list(self.columns),
        )


class Background(Protocol):
    """The training customers, from whom an explainer learns its background."""

    @property
    def points(self) -> Floats:
        """(n, width) encoded customers."""
        ...

    def prototypes(self) -> tuple[Floats, Floats]:
        """A few weighted prototypes, none of them a customer: (m, width), and (m,) weights whose sum is 1."""
        ...


class Explainer(Protocol):
    """Explains the answers of one assigner."""

    @property
    def linear(self) -> LinearMargin | None:
        """The margins, where they are linear in the encoded point; None where they are not."""
        ...

    @property
    def by_segment(self) -> SegmentParts | None:
        """The margins as differences of two segments' parts; None where they are none."""
        ...

    @property
    def is_slow(self) -> bool:
        """Whether one explanation takes milliseconds, so that a list of them must not delay short requests."""
        ...

    def explain(self, points: Floats, toward: Indices, against: Indices) -> Explanations:
        """Explain (width, n) points, each toward one segment and against another (-1: there is none)."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything that the explainer learned, by name."""
        ...


@dataclass(frozen=True)
class LinearMargin:
    """Margins that are linear in the encoded point z: base + direction · (z - mean) for each ordered pair of segments.

    mean : (width,) the mean encoded training customer. base : (k, k) the mean margin of each ordered pair. directions :
    (width, k · k), the pair (a, b) in column a · k + b.
    """

    mean: Floats
    base: Floats
    directions: Floats


@dataclass(frozen=True)
class SegmentParts:
    """Margins of which each dimension's share is the difference of two segments' parts.

    With u = z − mean, the part of dimension i in segment S is (slope_i + Σ_j quadratic_ij u_j) u_i − expected_i. What
    the dimension contributes to the margin of A over B is A's part minus B's, and the score is their sum plus the
    base.

    mean : (width,) the mean encoded training customer. base : (k, k) the mean margin of each ordered pair of segments.
    slopes : (k, width). quadratics : (k, width, width), or None where all are zero. expected : (k, width).
    """

    mean: Floats
    base: Floats
    slopes: Floats
    quadratics: Floats | None
    expected: Floats


def complete_explanations(
    columns: tuple[str, ...], toward: Indices, against: Indices, base: Floats, contributions: Floats
) -> Explanations:
    """Explanations whose score is base plus (columns, n) contributions; zeros where there is no second segment."""
    single = against < 0
    if single.any():
        base = np.where(single, 0.0, base)
        contributions = np.where(single, 0.0, contributions)
    score = base.copy()
    for row in contributions:  # column by column: the same bits for one customer and for many
        score += row
    return Explanations(columns, toward, against, base, contributions.T, score)
