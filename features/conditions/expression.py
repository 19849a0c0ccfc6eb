"""The Ibis expression of a condition over columns, whatever table or vector they belong to.

Each column of a comparison is read as what the other side is: text that is compared with a number is read as a number,
with a moment as a moment, with true or false as a flag. Missing values meet nothing (three-valued logic).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import ibis
import ibis.expr.types as ir

from features.as_of import AsOf
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
    MomentLiteral,
    Negation,
    NumberLiteral,
    Operator,
    TextLiteral,
)
from segment_model.errors import SourceError, nearest_word

EXACT = 2**53  # whole numbers beyond it are not exact in double precision


class ReadAs(StrEnum):
    """What a column is read as, to be compared."""

    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """A column as a reading; missing where `unreadable` has the text that cannot be read."""

    read: ir.Value
    unreadable: ir.StringValue | None = None


Read = Callable[[str, ReadAs], ReadColumn]
READING_OF: Mapping[type[Literal], ReadAs] = {
    TextLiteral: ReadAs.TEXT,
    NumberLiteral: ReadAs.NUMBER,
    MomentLiteral: ReadAs.MOMENT,
    FlagLiteral: ReadAs.FLAG,
}
WRITTEN = {
    ReadAs.TEXT: "'text' in single quotes",
    ReadAs.NUMBER: "a number without quotes",
    ReadAs.MOMENT: "DATE '2026-01-31' or TIMESTAMP '2026-01-31 12:00:00'",
    ReadAs.FLAG: "true or false",
}
COMPARE: Mapping[Operator, Callable[[Any, Any], ir.BooleanValue]] = {
    Operator.EQUAL: operator.eq,
    Operator.UNEQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


@dataclass(frozen=True, slots=True)
class ConditionExpression:
    """A condition over columns.

    holds : true, false, or null where it is unknown. unreadable : by column and reading, the text of the values that
    cannot be read so, else null.
    """

    holds: ir.BooleanValue
    unreadable: Mapping[tuple[str, ReadAs], ir.StringValue]


def condition_expression(
    condition: Condition, columns: Mapping[str, ir.Value], read: Read, time_zone: str, place: str
) -> ConditionExpression:
    """Build the expression of a condition.

    Parameters
    ----------
    columns
        The columns by the names that the condition uses.
    read
        Reads a column, by its name, as text, number (double precision), moment or flag (1.0 or 0.0).
    time_zone
        The zone of moments that have none.
    place
        Begins each error, such as "orders: where".

    Raises
    ------
    SourceError
        If a column is absent, or cannot be compared so.
    """
    builder = _Builder(columns, read, time_zone, place)
    return ConditionExpression(builder.condition(condition), builder.unreadable)


@dataclass(slots=True)
class _Builder:
    columns: Mapping[str, ir.Value]
    read: Read
    time_zone: str
    place: str
    unreadable: dict[tuple[str, ReadAs], ir.StringValue] = field(default_factory=dict)

    def condition(self, condition: Condition) -> ir.BooleanValue:
        match condition:
            case Conjunction(parts):
                return functools.reduce(operator.and_, map(self.condition, parts))
            case Disjunction(parts):
                return functools.reduce(operator.or_, map(self.condition, parts))
            case Negation(part):
                return ~self.condition(part)
            case Comparison():
                return self.comparison(condition)
            case Membership(column, options):
                return self.membership(column, options)
            case Likeness(column, pattern):
                self.check_literal(column, TextLiteral(pattern))
                return self.as_reading(column, ReadAs.TEXT).like(pattern)
            case Absence(column):
                return self.as_reading(column, self.reading_of(column)).isnull()

    def comparison(self, comparison: Comparison) -> ir.BooleanValue:
        left, right = comparison.left, comparison.right
        assert isinstance(left, ColumnName)  # noqa: S101 # the parser puts the column first
        if isinstance(right, ColumnName):
            return self.two_columns(left, comparison.operator, right)
        self.check_literal(left, right)
        if comparison.operator.is_ordering and isinstance(right, TextLiteral | FlagLiteral):
            raise self.error(
                f"{comparison.operator} needs a number or a moment, and {shown_literal(right)} is neither: write "
                f"{WRITTEN[ReadAs.NUMBER]}, or {WRITTEN[ReadAs.MOMENT]}"
            )
        column, (literal,) = self.matched(left, (right,))
        return COMPARE[comparison.operator](column, literal)

    def membership(self, column: ColumnName, options: tuple[Literal, ...]) -> ir.BooleanValue:
        for option in options:
            self.check_literal(column, option)
        read, literals = self.matched(column, options)
        return read.isin(literals)

    def two_columns(self, left: ColumnName, compared: Operator, right: ColumnName) -> ir.BooleanValue:
        kinds = {self.reading_of(left), self.reading_of(right)}
        reading = next(iter(kinds)) if len(kinds) == 1 else next(iter(kinds - {ReadAs.TEXT}))
        if len(kinds - {ReadAs.TEXT}) > 1:
            raise self.error(f"{left.name!r} and {right.name!r} hold different kinds ({' and '.join(sorted(kinds))})")
        if compared.is_ordering and reading in (ReadAs.TEXT, ReadAs.FLAG):
            raise self.error(f"{compared} needs numbers or moments, and {left.name!r} and {right.name!r} are {reading}")
        pair = [self.as_reading(name, reading) for name in (left, right)]
        if reading is ReadAs.MOMENT:
            pair = [moment.cast("timestamp") if moment.type().timezone else moment for moment in pair]
        return COMPARE[compared](*pair)

    def check_literal(self, name: ColumnName, literal: Literal) -> None:
        """Refuse a literal that values of the column's type cannot be compared with."""
        wanted, own = READING_OF[type(literal)], self.reading_of(name)
        whole = self.column(name).type().is_integer()
        number_as = (ReadAs.FLAG, ReadAs.TEXT) if whole else (ReadAs.FLAG,)
        if own in (wanted, ReadAs.TEXT) or (own is ReadAs.NUMBER and wanted in number_as):
            return
        raise self.error(
            f"column {name.name!r} holds a {own}; compare it with {WRITTEN[own]}, not {shown_literal(literal)}"
        )

    def matched(self, name: ColumnName, literals: tuple[Literal, ...]) -> tuple[ir.Value, list[Any]]:
        """A column and literals of one kind, of types that every engine compares exactly."""
        column, reading = self.column(name), READING_OF[type(literals[0])]
        numbers = [literal.number for literal in literals if isinstance(literal, NumberLiteral)]
        if numbers and column.type().is_integer() and all(number == int(number) for number in numbers):
            return column, [ibis.literal(int(number)) for number in numbers]
        if any(abs(number) > EXACT and number == int(number) for number in numbers):
            raise self.error(
                f"{shown_literal(literals[0])} is not exact as a number; write it as text, in single quotes"
            )
        read = self.as_reading(name, reading)
        return read, [self.constant(literal, read) for literal in literals]

    def constant(self, literal: Literal, beside: ir.Value) -> ir.Scalar:
        """A literal, of the type of what it is compared with."""
        match literal:
            case TextLiteral(text):
                return ibis.literal(text, "string")
            case NumberLiteral(number):
                return ibis.literal(float(number), "float64")
            case FlagLiteral(is_true):
                return ibis.literal(float(is_true), "float64")
            case MomentLiteral(moment):
                return AsOf.at(moment, self.time_zone).cutoff(bool(beside.type().timezone))

    def as_reading(self, name: ColumnName, reading: ReadAs) -> ir.Value:
        self.column(name)
        column = self.read(name.name, reading)
        if column.unreadable is not None:
            self.unreadable[name.name, reading] = column.unreadable
        return column.read

    def column(self, name: ColumnName) -> ir.Value:
        if name.name not in self.columns:
            raise self.error(
                f"no column {name.name!r}.{nearest_word(name.name, self.columns)} Columns are "
                f"{', '.join(self.columns)} (double quotes hold a column name, single quotes hold text)"
            )
        return self.columns[name.name]

    def reading_of(self, name: ColumnName) -> ReadAs:
        """What the column's type says that it holds."""
        dtype = self.column(name).type()
        if dtype.is_numeric():
            return ReadAs.NUMBER
        if dtype.is_boolean():
            return ReadAs.FLAG
        if dtype.is_timestamp() or dtype.is_date():
            return ReadAs.MOMENT
        if dtype.is_string() or dtype.is_uuid() or dtype.is_null() or dtype.is_unknown():
            return ReadAs.TEXT
        raise self.error(
            f"column {name.name!r} is {dtype}, which cannot be compared; only text, numbers, moments, flags"
        )

    def error(self, message: str) -> SourceError:
        return SourceError(f"{self.place}: {message}")


def shown_literal(literal: Literal) -> str:
    """A literal as a condition writes it."""
    match literal:
        case TextLiteral(text):
            return f"{text!r:.60}"
        case NumberLiteral(number):
            return f"{number}"
        case FlagLiteral(is_true):
            return str(is_true).lower()
        case MomentLiteral(moment):
            return f"the moment {moment.isoformat()}"
