"""The tree of an aggregate expression: one figure out of a customer's rows of one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum

from features.conditions.tree import ColumnName, Literal, Operator


class Sign(StrEnum):
    """Arithmetic on numbers. Division is real, and by zero missing."""

    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    BY = "/"


class Function(StrEnum):
    """Functions of values; what is missing stays missing, but in `coalesce`, `least` and `greatest`."""

    ABS = "abs"
    COALESCE = "coalesce"  # the first that is not missing
    LEAST = "least"  # of those that are not missing
    GREATEST = "greatest"
    DAYOFWEEK = "dayofweek"  # Sunday is 0
    HOUR = "hour"
    MONTH = "month"
    DAYS_BETWEEN = "days_between"  # calendar days from the first moment to the second


class AggregateFunction(StrEnum):
    """Functions of all rows of a customer, which skip missing values."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    MEDIAN = "median"


@dataclass(frozen=True, slots=True)
class AsOfMoment:
    """The as-of moment, `as_of`."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers and a sign."""

    left: Expression
    sign: Sign
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function of values."""

    function: Function
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`case`: the value of the first branch whose condition is true, else `otherwise`, else missing."""

    branches: tuple[Branch, ...]
    otherwise: Expression | None


@dataclass(frozen=True, slots=True)
class Branch:
    """`when condition then outcome`."""

    condition: Expression
    outcome: Expression


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function of all rows of a customer; without an argument it counts the rows."""

    function: AggregateFunction
    argument: Expression | None
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison; unknown where a side is missing."""

    left: Expression
    operator: Operator
    right: Expression


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether an operand equals one of the literals, which are all of one kind."""

    operand: Expression
    options: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Whether text follows a pattern of `like`."""

    operand: Expression
    pattern: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Whether an operand is missing."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Opposite:
    """`not`; unknown stays unknown."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class AllOf:
    """`and`."""

    conditions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`or`."""

    conditions: tuple[Expression, ...]


Expression = (
    ColumnName
    | Literal
    | AsOfMoment
    | Arithmetic
    | Call
    | Choice
    | Branch
    | Aggregate
    | Compared
    | OneOf
    | Alike
    | Missing
    | Opposite
    | AllOf
    | AnyOf
)


def parts_of(expression: Expression) -> Iterator[Expression]:
    """The expressions that an expression is made of, one level down."""
    for field in fields(expression):
        part = getattr(expression, field.name)
        candidates = part if isinstance(part, tuple) else (part,)
        yield from (candidate for candidate in candidates if isinstance(candidate, Expression))


def aggregates_in(expression: Expression) -> Iterator[Aggregate]:
    """Every aggregate, the outermost of nested ones."""
    if isinstance(expression, Aggregate):
        yield expression
    else:
        for part in parts_of(expression):
            yield from aggregates_in(part)


def columns_in(expression: Expression, outside_aggregates: bool = False) -> Iterator[str]:
    """The names of the columns, in order; only those that no aggregate holds, if so asked."""
    if isinstance(expression, ColumnName):
        yield expression.name
    elif not (outside_aggregates and isinstance(expression, Aggregate)):
        for part in parts_of(expression):
            yield from columns_in(part, outside_aggregates)
