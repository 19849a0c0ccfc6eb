"""A condition as a function of one customer: true, false, or None where a missing value leaves it unknown.

A service asks it for every request, so the tree is turned into nested functions once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
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
            return _joined(tuple(map(holds_for_customer, parts)), decisive=False)
        case Disjunction(parts):
            return _joined(tuple(map(holds_for_customer, parts)), decisive=True)
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


def _joined(parts: tuple[Holds, ...], decisive: bool) -> Holds:
    """`and` (a false part decides) or `or` (a true part decides); without a decision unknown where a part is."""

    def holds(customer: Customer) -> bool | None:
        outcome: bool | None = not decisive
        for part in parts:
            met = part(customer)
            if met is decisive:
                return decisive
            if met is None:
                outcome = None
        return outcome

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
