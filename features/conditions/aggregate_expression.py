"""The Ibis expressions of an aggregate expression, with the same meaning on every engine.

Numbers are double precision, sums are exact in ten-thousandths (so that the order of the rows does not matter),
division is real and by zero missing, moments are wall clocks of the business, and days are calendar days.
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

from features.as_of import AnyAsOf, AsOf
from features.conditions.aggregates import (
    Aggregate,
    AggregateFunction,
    Alike,
    AllOf,
    AnyOf,
    Arithmetic,
    AsOfMoment,
    Branch,
    Call,
    Choice,
    Compared,
    Expression,
    Function,
    Missing,
    OneOf,
    Opposite,
    Sign,
    aggregates_in,
)
from features.conditions.expression import COMPARE
from features.conditions.tree import ColumnName, FlagLiteral, MomentLiteral, NumberLiteral, TextLiteral
from features.expressions.portable import is_infinite
from features.grammar.summed_numbers import LARGEST, TEN_THOUSANDTHS, nearest_whole
from segment_model.errors import SettingsError, nearest_word


class Holds(StrEnum):
    """What an expression gives."""

    NUMBER = "a number"
    TEXT = "text"
    MOMENT = "a moment"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression of Ibis, and what it gives."""

    holds: Holds
    expression: Any


@dataclass(frozen=True, slots=True)
class FigureExpression:
    """A figure in two steps. aggregates : of the rows of a customer, by name. finish : the figure, from their table."""

    aggregates: Mapping[str, ir.Scalar]
    finish: Callable[[ir.Table], ir.FloatingValue]


def figure_expression(
    expression: Expression,
    rows: ir.Table,
    columns: Mapping[str, ir.Value],
    as_of: AnyAsOf,
    time_zone: str,
    name: str,
) -> FigureExpression:
    """Build the expressions of a figure: a number in double precision, where true is 1 and false is 0.

    Parameters
    ----------
    rows
        The table that is aggregated.
    columns
        Its columns by the names that the expression uses: text, whole numbers or double precision, wall-clock
        timestamps, booleans.
    name
        Begins the names of the aggregates; the errors name it.

    Raises
    ------
    SettingsError
        If a column is absent, or a part takes another kind than it gets.
    """
    place = f"features.own.{name}"
    below = _Builder(place, as_of, time_zone, columns, rows)
    built = {aggregate: below.typed(aggregate) for aggregate in dict.fromkeys(aggregates_in(expression))}
    labels = {aggregate: f"{name}_{number}" for number, aggregate in enumerate(built)}

    def finish(sums: ir.Table) -> ir.FloatingValue:
        computed = {aggregate: Typed(typed.holds, sums[labels[aggregate]]) for aggregate, typed in built.items()}
        return _Builder(place, as_of, time_zone, {}, sums, computed).figure(expression)

    return FigureExpression({labels[aggregate]: typed.expression for aggregate, typed in built.items()}, finish)


@dataclass(slots=True)
class _Builder:
    """Builds typed expressions; `computed` are the aggregates that are columns already."""

    place: str
    as_of: AnyAsOf
    time_zone: str
    columns: Mapping[str, ir.Value]
    rows: ir.Table
    computed: Mapping[Aggregate, Typed] = field(default_factory=dict)

    def figure(self, expression: Expression) -> ir.FloatingValue:
        typed = self.typed(expression)
        if typed.holds is Holds.FLAG:
            flag = typed.expression
            return ibis.cases((flag.isnull(), None), (flag, 1.0), else_=0.0).cast("float64")
        if typed.holds is not Holds.NUMBER:
            raise self.error(f"the expression gives {typed.holds}, and a feature is a number or true or false")
        number = typed.expression
        return ibis.ifelse(number.isnan() | is_infinite(number), None, number)

    def typed(self, expression: Expression) -> Typed:
        if isinstance(expression, Aggregate):
            return self.computed.get(expression) or self.aggregate(expression)
        if isinstance(expression, Compared | OneOf | Alike | Missing | Opposite | AllOf | AnyOf):
            return Typed(Holds.FLAG, self.condition(expression))
        match expression:
            case ColumnName(name):
                return self.column(name)
            case NumberLiteral(number):
                return Typed(Holds.NUMBER, ibis.literal(float(number), "float64"))
            case TextLiteral(text):
                return Typed(Holds.TEXT, ibis.literal(text, "string"))
            case FlagLiteral(is_true):
                return Typed(Holds.FLAG, ibis.literal(is_true, "boolean"))
            case MomentLiteral(moment):
                return Typed(Holds.MOMENT, AsOf.at(moment, self.time_zone).clock())
            case AsOfMoment():
                return Typed(Holds.MOMENT, self.as_of.clock())
            case Arithmetic():
                return Typed(Holds.NUMBER, self.arithmetic(expression))
            case Call():
                return self.call(expression)
            case Choice():
                return self.choice(expression)
            case Branch():
                raise self.error("`when` stands alone; write case when ... then ... end")

    def column(self, name: str) -> Typed:
        if name not in self.columns:
            raise self.error(
                f"no column {name!r}.{nearest_word(name, self.columns)} Columns are {', '.join(self.columns)}, as_of"
            )
        column = self.columns[name]
        dtype = column.type()
        if dtype.is_boolean():
            return Typed(Holds.FLAG, column)
        if dtype.is_timestamp():
            return Typed(Holds.MOMENT, column)
        return Typed(Holds.NUMBER, column) if dtype.is_floating() else Typed(Holds.TEXT, column.cast("string"))

    def of(self, expression: Expression, *wanted: Holds, by: str) -> Typed:
        """A typed expression of one of the wanted kinds."""
        typed = self.typed(expression)
        if typed.holds not in wanted:
            raise self.error(f"{by} takes {' or '.join(wanted)}, and gets {typed.holds}")
        return typed

    def number(self, expression: Expression, by: str) -> ir.FloatingValue:
        return self.of(expression, Holds.NUMBER, by=by).expression

    def alike(self, expressions: tuple[Expression, ...], by: str) -> tuple[Holds, list[Any]]:
        """Expressions that must all give one kind."""
        typed = [self.typed(expression) for expression in expressions]
        kinds = dict.fromkeys(part.holds for part in typed)
        if len(kinds) > 1:
            raise self.error(f"{by} gets {' and '.join(kinds)}; all must be of one kind")
        return typed[0].holds, [part.expression for part in typed]

    def arithmetic(self, expression: Arithmetic) -> ir.FloatingValue:
        left, right = (self.number(side, expression.sign) for side in (expression.left, expression.right))
        match expression.sign:
            case Sign.PLUS:
                return left + right
            case Sign.MINUS:
                return left - right
            case Sign.TIMES:
                return left * right
            case Sign.BY:
                return left / right.nullif(0.0)

    def call(self, call: Call) -> Typed:
        function, arguments = call.function, call.arguments
        if function is Function.ABS:
            return Typed(Holds.NUMBER, self.number(arguments[0], function).abs())
        if function is Function.COALESCE:
            holds, several = self.alike(arguments, function)
            return Typed(holds, ibis.coalesce(*several))
        if function in (Function.LEAST, Function.GREATEST):
            several = [self.number(argument, function) for argument in arguments]
            return Typed(Holds.NUMBER, (ibis.least if function is Function.LEAST else ibis.greatest)(*several))
        moments = [self.of(argument, Holds.MOMENT, by=function).expression for argument in arguments]
        return Typed(Holds.NUMBER, CALENDAR[function](*moments).cast("float64"))

    def choice(self, choice: Choice) -> Typed:
        conditions = [self.of(branch.condition, Holds.FLAG, by="when").expression for branch in choice.branches]
        outcomes = tuple(branch.outcome for branch in choice.branches)
        if choice.otherwise is not None:
            outcomes += (choice.otherwise,)
        holds, several = self.alike(outcomes, "case")
        otherwise = several.pop() if choice.otherwise is not None else None
        return Typed(holds, ibis.cases(*zip(conditions, several, strict=True), else_=otherwise))

    def condition(self, expression: Compared | OneOf | Alike | Missing | Opposite | AllOf | AnyOf) -> ir.BooleanValue:
        match expression:
            case AllOf(parts):
                return functools.reduce(operator.and_, (self.of(p, Holds.FLAG, by="and").expression for p in parts))
            case AnyOf(parts):
                return functools.reduce(operator.or_, (self.of(p, Holds.FLAG, by="or").expression for p in parts))
            case Opposite(part):
                return ~self.of(part, Holds.FLAG, by="not").expression
            case Missing(operand):
                return self.typed(operand).expression.isnull()
            case Alike(operand, pattern):
                return self.of(operand, Holds.TEXT, by="like").expression.like(pattern)
            case OneOf(operand, options):
                _, (ours, *theirs) = self.alike((operand, *options), "in")
                return ours.isin(theirs)
            case Compared(left, compared, right):
                holds, (ours, theirs) = self.alike((left, right), compared)
                if compared.is_ordering and holds not in (Holds.NUMBER, Holds.MOMENT):
                    raise self.error(f"{compared} takes numbers or moments, and gets {holds}")
                return COMPARE[compared](ours, theirs)

    def aggregate(self, aggregate: Aggregate) -> Typed:
        function, argument = aggregate.function, aggregate.argument
        if argument is None:
            return Typed(Holds.NUMBER, self.rows.count().cast("float64"))
        if function is AggregateFunction.COUNT:
            counted = self.of_rows(self.typed(argument).expression)
            return Typed(Holds.NUMBER, (counted.nunique() if aggregate.distinct else counted.count()).cast("float64"))
        if function in (AggregateFunction.MIN, AggregateFunction.MAX):
            typed = self.of(argument, Holds.NUMBER, Holds.MOMENT, by=function)
            column = self.of_rows(typed.expression)
            return Typed(typed.holds, column.min() if function is AggregateFunction.MIN else column.max())
        number = self.of_rows(self.number(argument, function))
        usable = ibis.ifelse(number.abs() <= LARGEST, number, None)
        if function is AggregateFunction.MEDIAN:
            return Typed(Holds.NUMBER, usable.median())
        total = nearest_whole(usable * TEN_THOUSANDTHS).sum().cast("float64") / TEN_THOUSANDTHS
        if function is AggregateFunction.AVG:
            total = total / usable.count().cast("float64").nullif(0.0)
        return Typed(Holds.NUMBER, total)

    def of_rows(self, argument: ir.Value) -> ir.Column:
        """The argument of an aggregate, a constant once for each row."""
        if not isinstance(argument, ir.Scalar):
            return argument
        return ibis.ifelse(self.rows[self.rows.columns[0]].isnull(), argument, argument)

    def error(self, message: str) -> SettingsError:
        return SettingsError(f"{self.place}: {message}")


def _days_between(first: ir.TimestampValue, later: ir.TimestampValue) -> ir.IntegerValue:
    return later.date().epoch_days() - first.date().epoch_days()


CALENDAR: Mapping[Function, Callable[..., ir.IntegerValue]] = {
    Function.DAYOFWEEK: lambda moment: (moment.day_of_week.index() + 1) % 7,  # Ibis counts from Monday
    Function.HOUR: lambda moment: moment.hour(),
    Function.MONTH: lambda moment: moment.month(),
    Function.DAYS_BETWEEN: _days_between,
}
