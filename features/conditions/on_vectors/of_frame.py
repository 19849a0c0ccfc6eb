"""A condition on all rows of a frame of vectors at once, by two masks: where it is true, and where it is false."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features.conditions.on_vectors.of_customer import COMPARE, plain_literal
from features.conditions.on_vectors.patterns import compiled_pattern
from features.conditions.tree import (
    Absence,
    ColumnName,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Likeness,
    Membership,
    Negation,
    Operator,
)

if TYPE_CHECKING:
    import pandas as pd

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Truth:
    """(n,) masks: where a condition is met, and where it is not; where neither holds it is unknown."""

    met: Mask
    unmet: Mask

    @classmethod
    def of(cls, holds: Mask, known: Mask) -> Truth:
        return cls(holds & known, ~holds & known)


def truth_of_frame(condition: Condition, frame: pd.DataFrame, is_text: Callable[[str], bool]) -> Truth:
    """Evaluate a condition that `kinds.check_kinds` accepts. is_text : whether a column holds text."""
    return _Frame(frame, is_text).truth(condition)


@dataclass(frozen=True, slots=True)
class _Frame:
    frame: pd.DataFrame
    is_text: Callable[[str], bool]

    def truth(self, condition: Condition) -> Truth:
        match condition:
            case Conjunction(parts):
                truths = [self.truth(part) for part in parts]
                met = np.logical_and.reduce([truth.met for truth in truths])
                return Truth(met, np.logical_or.reduce([truth.unmet for truth in truths]))
            case Disjunction(parts):
                truths = [self.truth(part) for part in parts]
                met = np.logical_or.reduce([truth.met for truth in truths])
                return Truth(met, np.logical_and.reduce([truth.unmet for truth in truths]))
            case Negation(part):
                truth = self.truth(part)
                return Truth(truth.unmet, truth.met)
            case Comparison(left, compared, right):
                return self.comparison(left, compared, right)
            case Membership(column, options):
                literals = frozenset(map(plain_literal, options))
                if self.is_text(column.name):
                    return self.of_levels(column.name, lambda level: level in literals)
                numbers = self.numbers(column.name)
                return Truth.of(np.isin(numbers, np.array(sorted(literals), dtype=np.float64)), ~np.isnan(numbers))
            case Likeness(column, pattern):
                match = compiled_pattern(pattern).fullmatch
                return self.of_levels(column.name, lambda level: match(level) is not None)
            case Absence(column):
                missing = self.frame[column.name].isna().to_numpy(dtype=np.bool_)
                return Truth(missing, ~missing)

    def comparison(self, left: object, compared: Operator, right: Any) -> Truth:
        assert isinstance(left, ColumnName)  # noqa: S101 # the parser puts the column first
        compare = COMPARE[compared]
        if isinstance(right, ColumnName):
            return self.two_columns(left.name, compare, right.name)
        literal = plain_literal(right)
        if self.is_text(left.name):
            return self.of_levels(left.name, lambda level: compare(level, literal))
        numbers = self.numbers(left.name)
        return Truth.of(np.asarray(compare(numbers, literal)), ~np.isnan(numbers))

    def two_columns(self, left: str, compare: Callable[[Any, Any], Any], right: str) -> Truth:
        if self.is_text(left):
            ours, theirs = (self.frame[name].astype(object) for name in (left, right))
            known = (ours.notna() & theirs.notna()).to_numpy(dtype=np.bool_)
            alike = compare(ours.where(known, ""), theirs.where(known, ""))
            return Truth.of(alike.to_numpy(dtype=np.bool_), known)
        ours_numbers, theirs_numbers = self.numbers(left), self.numbers(right)
        known = ~(np.isnan(ours_numbers) | np.isnan(theirs_numbers))
        return Truth.of(np.asarray(compare(ours_numbers, theirs_numbers)), known)

    def of_levels(self, name: str, holds: Callable[[str], bool]) -> Truth:
        """The truth of a text column, evaluated once for each of its levels."""
        import pandas as pd

        codes, levels = pd.factorize(self.frame[name])
        answers = np.array([*(holds(level) for level in levels), False], dtype=np.bool_)  # code -1: missing
        return Truth.of(answers[codes], codes >= 0)

    def numbers(self, name: str) -> NDArray[np.float64]:
        column = self.frame[name]
        if column.dtype == object:
            return np.asarray(column, dtype=np.float64)
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
