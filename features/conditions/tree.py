"""The tree of a condition: what a parsed condition holds, on whichever columns it is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Operator(StrEnum):
    """How two operands are compared."""

    EQUAL = "="
    UNEQUAL = "<>"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="

    @property
    def is_ordering(self) -> bool:
        """Whether it needs an order, not only equality."""
        return self not in (Operator.EQUAL, Operator.UNEQUAL)


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column, by the name that the condition writes."""

    name: str


@dataclass(frozen=True, slots=True)
class TextLiteral:
    """Text in single quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A number, exactly as written."""

    number: Decimal

    @property
    def is_whole(self) -> bool:
        return self.number == self.number.to_integral_value()


@dataclass(frozen=True, slots=True)
class MomentLiteral:
    """`DATE '...'` or `TIMESTAMP '...'`; a date is its midnight. Without a zone it is the business's wall clock."""

    moment: date | datetime


@dataclass(frozen=True, slots=True)
class FlagLiteral:
    """`true` or `false`."""

    is_true: bool


Literal = TextLiteral | NumberLiteral | MomentLiteral | FlagLiteral
Operand = ColumnName | Literal


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands, at least one of them a column; unknown where one is missing."""

    left: Operand
    operator: Operator
    right: Operand


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a column equals one of the literals, which are all of one kind."""

    column: ColumnName
    options: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Whether text follows a pattern: `%` is any text, `_` any character."""

    column: ColumnName
    pattern: str


@dataclass(frozen=True, slots=True)
class Absence:
    """Whether a column is missing: true or false, never unknown."""

    column: ColumnName


@dataclass(frozen=True, slots=True)
class Negation:
    """The opposite; unknown stays unknown."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Conjunction:
    """All of the conditions."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Disjunction:
    """At least one of the conditions."""

    conditions: tuple[Condition, ...]


Condition = Comparison | Membership | Likeness | Absence | Negation | Conjunction | Disjunction


def column_names(condition: Condition) -> Iterator[str]:
    """The columns that a condition names, in the order written, each time that it names them."""
    match condition:
        case Conjunction(parts) | Disjunction(parts):
            for part in parts:
                yield from column_names(part)
        case Negation(part):
            yield from column_names(part)
        case Comparison(left, _, right):
            yield from (operand.name for operand in (left, right) if isinstance(operand, ColumnName))
        case Membership(column) | Likeness(column) | Absence(column):
            yield column.name
