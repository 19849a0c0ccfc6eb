"""A condition as two functions of one customer: whether it is true, and whether it is false.

Where a missing value leaves it unknown, neither holds. A service calls the first for every request, so the tree is
turned into nested functions once, and `and` and `or` take two sides each, which is quicker than a loop over few.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

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
Predicate = Callable[[Customer], bool]
COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.UNEQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}
OPPOSITE: Mapping[Operator, Operator] = {
    Operator.EQUAL: Operator.UNEQUAL,
    Operator.UNEQUAL: Operator.EQUAL,
    Operator.LESS: Operator.AT_LEAST,
    Operator.AT_MOST: Operator.MORE,
    Operator.MORE: Operator.AT_MOST,
    Operator.AT_LEAST: Operator.LESS,
}


class Predicates(NamedTuple):
    """met : whether a condition is true of a customer. unmet : whether it is false."""

    met: Predicate
    unmet: Predicate


def customer_predicates(condition: Condition) -> Predicates:
    """The functions of a condition that `kinds.check_kinds` accepts.

    The customer has every column of the condition; None and NaN are missing.
    """
    match condition:
        case Conjunction(parts):
            predicates = [customer_predicates(part) for part in parts]
            return Predicates(
                _joined(_both, [part.met for part in predicates]), _joined(_either, [part.unmet for part in predicates])
            )
        case Disjunction(parts):
            predicates = [customer_predicates(part) for part in parts]
            return Predicates(
                _joined(_either, [part.met for part in predicates]), _joined(_both, [part.unmet for part in predicates])
            )
        case Negation(part):
            met, unmet = customer_predicates(part)
            return Predicates(unmet, met)
        case Comparison(left, compared, right):
            assert isinstance(left, ColumnName)  # noqa: S101 # the parser puts the column first
            return Predicates(*(_compared(left.name, sign, right) for sign in (compared, OPPOSITE[compared])))
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


def _joined(join: Callable[[Predicate, Predicate], Predicate], parts: Sequence[Predicate]) -> Predicate:
    """All parts joined two and two, so that a long list of them is not nested deeply."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return join(_joined(join, parts[:middle]), _joined(join, parts[middle:]))


def _both(left: Predicate, right: Predicate) -> Predicate:
    return lambda customer: left(customer) and right(customer)


def _either(left: Predicate, right: Predicate) -> Predicate:
    return lambda customer: left(customer) or right(customer)


def _compared(name: str, compared: Operator, right: Any) -> Predicate:
    if isinstance(right, ColumnName):
        return _two_columns(name, COMPARE[compared], right.name)
    return _TO_LITERAL[compared](name, plain_literal(right))


# a function for each operator, since a call of `COMPARE` costs as much as all else; NaN is unequal to all, else false
_TO_LITERAL: Mapping[Operator, Callable[[str, Any], Callable[[Mapping[str, Any]], bool]]] = {
    Operator.EQUAL: lambda name, literal: lambda customer: customer[name] == literal,
    Operator.UNEQUAL: lambda name, literal: (
        lambda customer: (own := customer[name]) is not None and own == own and own != literal
    ),
    Operator.LESS: lambda name, literal: lambda customer: (own := customer[name]) is not None and own < literal,
    Operator.AT_MOST: lambda name, literal: lambda customer: (own := customer[name]) is not None and own <= literal,
    Operator.MORE: lambda name, literal: lambda customer: (own := customer[name]) is not None and own > literal,
    Operator.AT_LEAST: lambda name, literal: lambda customer: (own := customer[name]) is not None and own >= literal,
}


def _two_columns(left: str, compare: Callable[[Any, Any], bool], right: str) -> Predicate:
    def holds(customer: Customer) -> bool:
        ours, theirs = customer[left], customer[right]
        missing = ours is None or theirs is None or ours != ours or theirs != theirs
        return not missing and compare(ours, theirs)

    return holds


def _member(name: str, options: frozenset[float | str]) -> Predicates:
    def met(customer: Customer) -> bool:
        return customer[name] in options

    def unmet(customer: Customer) -> bool:
        own = customer[name]
        return own is not None and own == own and own not in options

    return Predicates(met, unmet)


def _alike(name: str, pattern: str) -> Predicates:
    match = compiled_pattern(pattern).fullmatch

    def met(customer: Customer) -> bool:
        own = customer[name]
        return isinstance(own, str) and match(own) is not None

    def unmet(customer: Customer) -> bool:
        own = customer[name]
        return isinstance(own, str) and match(own) is None

    return Predicates(met, unmet)


def _absent(name: str) -> Predicates:
    def met(customer: Customer) -> bool:
        own = customer[name]
        return own is None or own != own

    def unmet(customer: Customer) -> bool:
        own = customer[name]
        return own is not None and own == own

    return Predicates(met, unmet)
