"""The rule of a word: within which bounds it is true of a customer, absolute or relative to all customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.profiling.words.word import Between, Condition, Together, Unknown

ABOVE_ZERO = float(np.nextafter(0, 1))


@dataclass(frozen=True, slots=True)
class Bounds:
    """A number of a column between absolute bounds, both included."""

    column: str
    least: float = -np.inf
    most: float = np.inf

    def condition(self, frame: pd.DataFrame) -> Condition | None:
        """The condition; None where the frame lacks the column."""
        return Between(self.column, self.least, self.most) if self.column in frame.columns else None

    @property
    def meaning(self) -> str:
        """The bounds in words."""
        if self.least == self.most:
            return f"{self.column} is {self.least:g}"
        bounds = []
        if self.least > -np.inf:
            bounds.append("above 0" if self.least == ABOVE_ZERO else f"at least {self.least:g}")
        if self.most < np.inf:
            bounds.append("below 0" if self.most == -ABOVE_ZERO else f"at most {self.most:g}")
        return f"{self.column} {' and '.join(bounds) or 'is known'}"


@dataclass(frozen=True, slots=True)
class Third:
    """A number in the lower or the upper third of all known values, and on its own side of 0 if they have both signs.

    No word is said of a third that does not end clear of the median, such as the lower third of a column that is 0 for
    half of the customers.
    """

    column: str
    upper: bool

    def condition(self, frame: pd.DataFrame) -> Condition | None:
        """The condition; None where the frame lacks the column, or its values have no such third."""
        if self.column not in frame.columns:
            return None
        values = frame[self.column].to_numpy(dtype=np.float64, na_value=np.nan)
        known = values[~np.isnan(values)]
        if not len(known):
            return None
        edge, median = np.quantile(known, [2 / 3 if self.upper else 1 / 3, 0.5])
        both_signs = known.min() < 0 < known.max()
        if self.upper:
            least = max(float(edge), ABOVE_ZERO) if both_signs else float(edge)
            return Between(self.column, least=least) if least > median else None
        most = min(float(edge), -ABOVE_ZERO) if both_signs else float(edge)
        return Between(self.column, most=most) if most < median else None

    @property
    def meaning(self) -> str:
        """The third in words."""
        return f"{self.column} in the {'upper' if self.upper else 'lower'} third of all customers"


@dataclass(frozen=True, slots=True)
class Missing:
    """No value in a column."""

    column: str

    def condition(self, frame: pd.DataFrame) -> Condition | None:
        """The condition; None where the frame lacks the column."""
        return Unknown(self.column) if self.column in frame.columns else None

    @property
    def meaning(self) -> str:
        """The condition in words."""
        return f"{self.column} is missing"


@dataclass(frozen=True, slots=True)
class WordRule:
    """A word, or the end of a column whose declared word it is, and the bounds within which it is true."""

    text: str
    bounds: tuple[Bounds | Third | Missing, ...]

    def condition(self, frame: pd.DataFrame) -> Condition | None:
        """The condition; None where it cannot be asked of these customers."""
        conditions = [bound.condition(frame) for bound in self.bounds]
        known = tuple(condition for condition in conditions if condition is not None)
        return Together(known) if len(known) == len(conditions) else None

    @property
    def meaning(self) -> str:
        """All bounds in words."""
        return " and ".join(bound.meaning for bound in self.bounds)
