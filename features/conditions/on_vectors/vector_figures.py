"""What ready-made conditions ask of the vectors: levels, a quantile, medians; of a frame or of an engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd


class VectorFigures(Protocol):
    """The vectors from which ready-made conditions take their numbers, wherever they lie."""

    def levels(self, column: str) -> Collection[str]:
        """The known levels of a category."""
        ...

    def quantile_of_positive(self, column: str, share: float) -> float | None:
        """Of the values above 0 the quantile, or the next value above it (type 1 of Hyndman and Fan, 1996)."""
        ...

    def medians_of_positive(self, column: str, category: str) -> Mapping[str, float]:
        """By level of a category the median of the values above 0."""
        ...


@dataclass(frozen=True)
class FrameFigures:
    """Vectors in memory, a row a customer."""

    frame: pd.DataFrame

    def levels(self, column: str) -> Collection[str]:
        """The known levels of a category; none of a column that the frame lacks."""
        return {str(level) for level in self.frame[column].dropna().unique()} if column in self.frame else ()

    def quantile_of_positive(self, column: str, share: float) -> float | None:
        """As of `VectorFigures`."""
        values = self.frame[column].dropna()
        values = values[values > 0]
        return None if values.empty else float(values.quantile(share, interpolation="higher"))

    def medians_of_positive(self, column: str, category: str) -> Mapping[str, float]:
        """As of `VectorFigures`."""
        chosen = self.frame[self.frame[column] > 0]
        medians = chosen.groupby(chosen[category].astype("str"))[column].median()
        return {str(level): float(median) for level, median in medians.items()}
