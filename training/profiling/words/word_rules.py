"""The rule of a word: within which bounds it is true of a customer, absolute or relative to all customers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.profiling.words.word import Between, Condition, Together, Unknown

ABOVE_ZERO = float(np.nextafter(0, 1))


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the known values of a column spread: the least, the quantiles 1/3, 1/2 and 2/3, and the most."""

    least: float
    lower_third: float
    median: float
    upper_third: float
    most: float


SpreadOf = Callable[[str], Spread | None]  # of a column among all customers; None where no value is known


def spread_in(frame: pd.DataFrame, column: str) -> Spread | None:
    """The spread of a column of these customers; None where no value is known, or the frame lacks the column."""
    if column not in frame.columns:
        return None
    values = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    lower, median, upper = np.quantile(known, [1 / 3, 0.5, 2 / 3])
    return Spread(float(known.min()), float(lower), float(median), float(upper), float(known.max()))


@dataclass(frozen=True, slots=True)
class Bounds:
    """A number of a column between absolute bounds, both included."""

    column: str
    least: float = -np.inf
    most: float = np.inf

    def condition(self, frame: pd.DataFrame, _: SpreadOf) -> Condition | None:
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

    def condition(self, _: pd.DataFrame, spread_of: SpreadOf) -> Condition | None:
        """The condition; None where the customers lack the column, or its values have no such third."""
        spread = spread_of(self.column)
        if spread is None:
            return None
        both_signs = spread.least < 0 < spread.most
        if self.upper:
            least = max(spread.upper_third, ABOVE_ZERO) if both_signs else spread.upper_third
            return Between(self.column, least=least) if least > spread.median else None
        most = min(spread.lower_third, -ABOVE_ZERO) if both_signs else spread.lower_third
        return Between(self.column, most=most) if most < spread.median else None

    @property
    def meaning(self) -> str:
        """The third in words."""
        return f"{self.column} in the {'upper' if self.upper else 'lower'} third of all customers"


@dataclass(frozen=True, slots=True)
class Missing:
    """No value in a column."""

    column: str

    def condition(self, frame: pd.DataFrame, _: SpreadOf) -> Condition | None:
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

    def condition(self, frame: pd.DataFrame, spread_of: SpreadOf) -> Condition | None:
        """The condition; None where it cannot be evaluated on these customers."""
        conditions = [bound.condition(frame, spread_of) for bound in self.bounds]
        known = tuple(condition for condition in conditions if condition is not None)
        return Together(known) if len(known) == len(conditions) else None

    @property
    def meaning(self) -> str:
        """All bounds in words."""
        return " and ".join(bound.meaning for bound in self.bounds)
