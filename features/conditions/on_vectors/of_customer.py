"""A condition as a function of one customer: true, false, or None where a missing value leaves it unknown.

A service asks it for every request, so the tree is turned into nested functions once, and `and` and `or` take two sides
each, which is quicker than a loop over few.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from features.conditions.on_vectors.patterns import compiled_pattern
from features.conditions.tree import (
    Absence,
    ColumnName,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    FlagLiteral,
    Likeness,
    Literal,
    Membership,
    Negation,
    NumberLiteral,
    Operator,
    TextLiteral,
)

Customer = Mapping[str, float | str | None]
Holds = Callable[[Customer], bool | None]
COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.UNEQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


def holds_for_customer(condition: Condition) -> Holds:
    """The function of a condition that `kinds.check_kinds` accepts.

    The customer has every column of the condition; None and NaN are missing.
    """
    match condition:
        case Conjunction(parts):
            return _joined(_both, [holds_for_customer(part) for part in parts])
        case Disjunction(parts):
            return _joined(_either, [holds_for_customer(part) for part in parts])
        case Negation(part):
            return _opposite(holds_for_customer(part))
        case Comparison(left, compared, right):
            assert isinstance(left, ColumnName)  # noqa: S101 # the parser puts the column first
            if isinstance(right, ColumnName):
                return _two_columns(left.name, COMPARE[compared], right.name)
            return _compared(left.name, COMPARE[compared], plain_literal(right))
        case Membership(column, options):
            return _member(column.name, frozenset(map(plain_literal, options)))
        case Likeness(column, pattern):
            return _alike(column.name, pattern)
        case Absence(column):
            return _absent(column.name)


def plain_literal(literal: Literal) -> float | str:
    """A literal as vectors hold it: numbers and flags in double precision."""
    match literal:
        case NumberLiteral(number):
            return float(number)
        case FlagLiteral(is_true):
            return float(is_true)
        case TextLiteral(text):
            return text
    raise AssertionError("vectors have no moments")  # check_kinds refuses them


def _joined(join: Callable[[Holds, Holds], Holds], parts: Sequence[Holds]) -> Holds:
    """All parts joined two and two, so that a long list of them is not nested deeply."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return join(_joined(join, parts[:middle]), _joined(join, parts[middle:]))


def _both(left: Holds, right: Holds) -> Holds:
    """`and`: a false side decides; else it is unknown where a side is."""

    def holds(customer: Customer) -> bool | None:
        first = left(customer)
        if first is False:
            return False
        second = right(customer)
        return second if first or second is False else None

    return holds


def _either(left: Holds, right: Holds) -> Holds:
    """`or`: a true side decides; else it is unknown where a side is."""

    def holds(customer: Customer) -> bool | None:
        first = left(customer)
        if first is True:
            return True
        second = right(customer)
        return second if first is False or second is True else None

    return holds


def _opposite(part: Holds) -> Holds:
    def holds(customer: Customer) -> bool | None:
        met = part(customer)
        return None if met is None else not met

    return holds


def _compared(name: str, compare: Callable[[Any, Any], bool], literal: float | str) -> Holds:
    def holds(customer: Customer) -> bool | None:
        own = customer[name]
        return None if own is None or own != own else compare(own, literal)

    return holds


def _two_columns(left: str, compare: Callable[[Any, Any], bool], right: str) -> Holds:
    def holds(customer: Customer) -> bool | None:
        ours, theirs = customer[left], customer[right]
        missing = ours is None or theirs is None or ours != ours or theirs != theirs
        return None if missing else compare(ours, theirs)

    return holds


def _member(name: str, options: frozenset[float | str]) -> Holds:
    def holds(customer: Customer) -> bool | None:
        own = customer[name]
        return None if own is None or own != own else own in options

    return holds


def _alike(name: str, pattern: str) -> Holds:
    match = compiled_pattern(pattern).fullmatch

    def holds(customer: Customer) -> bool | None:
        own = customer[name]
        return match(own) is not None if isinstance(own, str) else None

    return holds


def _absent(name: str) -> Holds:
    def holds(customer: Customer) -> bool | None:
        own = customer[name]
        return own is None or own != own

    return holds
