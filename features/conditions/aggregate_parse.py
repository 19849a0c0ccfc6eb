"""Reads an aggregate expression into a tree, by the closed table of functions in `aggregates`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlglot import expressions as sql

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
    columns_in,
)
from features.conditions.parse import OPERATORS, Node, column_name, has_only, parse_sql, read_literal, refused
from features.conditions.tree import ColumnName, NumberLiteral, Operator, TextLiteral
from segment_model.errors import SettingsError, counted

AS_OF = "as_of"
WHAT = "feature"
PARTS = (
    f"A {WHAT} has {', '.join(AggregateFunction)}, count(distinct ...), {', '.join(Function)}, case, + - * /, as_of, "
    "and the parts of a condition"
)
SIGNS: Mapping[type[Any], Sign] = {
    sql.Add: Sign.PLUS,
    sql.Sub: Sign.MINUS,
    sql.Mul: Sign.TIMES,
    sql.Div: Sign.BY,
}
AGGREGATES: Mapping[type[Any], AggregateFunction] = {
    sql.Count: AggregateFunction.COUNT,
    sql.Sum: AggregateFunction.SUM,
    sql.Avg: AggregateFunction.AVG,
    sql.Min: AggregateFunction.MIN,
    sql.Max: AggregateFunction.MAX,
    sql.Median: AggregateFunction.MEDIAN,
}
FUNCTIONS: Mapping[type[Any], Function] = {
    sql.Abs: Function.ABS,
    sql.Coalesce: Function.COALESCE,
    sql.Least: Function.LEAST,
    sql.Greatest: Function.GREATEST,
    sql.DayOfWeek: Function.DAYOFWEEK,
    sql.Hour: Function.HOUR,
    sql.Month: Function.MONTH,
}
MANY = (Function.COALESCE, Function.LEAST, Function.GREATEST)  # take one argument or more
TWO = (Function.DAYS_BETWEEN,)


def parse_aggregate(text: str) -> Expression:
    """The tree of an aggregate expression.

    Raises
    ------
    SettingsError
        If the text has a part that is not in the table of functions, a column outside of every aggregate, an aggregate
        inside another, or no aggregate at all.
    """
    try:
        expression = _expression(parse_sql(text, WHAT, PARTS))
        _check_levels(text, expression)
    except RecursionError as error:
        raise SettingsError(f"the {WHAT} {text!r:.60} is nested too deeply") from error
    return expression


def _check_levels(text: str, expression: Expression) -> None:
    aggregates = list(aggregates_in(expression))
    if not aggregates:
        raise SettingsError(
            f"the {WHAT} {text!r:.60} gives no single value for a customer; write an aggregate, such as sum(amount)"
        )
    if outside := next(columns_in(expression, outside_aggregates=True), None):
        raise SettingsError(
            f"the {WHAT} {text!r:.60}: {outside!r} stands outside of an aggregate, so it has many values; write for "
            f"example max({outside})"
        )
    for aggregate in aggregates:
        if aggregate.argument is not None and next(aggregates_in(aggregate.argument), None):
            raise SettingsError(f"the {WHAT} {text!r:.60} has an aggregate inside {aggregate.function}(...)")


def _refuse(node: Node) -> SettingsError:
    return refused(node, WHAT, PARTS)


def _expression(node: Node) -> Expression:
    expression = READERS.get(type(node), _leaf)(node)
    return Opposite(expression) if node.args.get("negate") else expression


def _leaf(node: Node) -> Expression:
    name = column_name(node)
    if name is not None:
        return AsOfMoment() if name == AS_OF else ColumnName(name)
    literal = read_literal(node)
    if literal is None:
        raise _refuse(node)
    return literal


def _inside(node: Node) -> Expression:
    return _expression(node.this)


def _negative(node: Node) -> Expression:
    literal = read_literal(node)
    return literal or Arithmetic(NumberLiteral(Decimal(0)), Sign.MINUS, _expression(node.this))


def _pair(node: Node) -> tuple[Expression, Expression]:
    """Both sides of an operator that has nothing else."""
    if not has_only(node, "this", "expression", "typed", "safe"):
        raise _refuse(node)
    return _expression(node.this), _expression(node.expression)


def _arithmetic(node: Node) -> Expression:
    left, right = _pair(node)
    return Arithmetic(left, SIGNS[type(node)], right)


def _comparison(node: Node) -> Expression:
    left, right = _pair(node)
    return Compared(left, OPERATORS[type(node)], right)


def _all_of(node: Node) -> Expression:
    return AllOf(_pair(node))


def _any_of(node: Node) -> Expression:
    return AnyOf(_pair(node))


def _opposite(node: Node) -> Expression:
    return Opposite(_expression(node.this))


def _between(node: Node) -> Expression:
    if not has_only(node, "this", "low", "high"):
        raise _refuse(node)
    operand, low, high = (_expression(node.args[name]) for name in ("this", "low", "high"))
    return AllOf((Compared(operand, Operator.AT_LEAST, low), Compared(operand, Operator.AT_MOST, high)))


def _one_of(node: Node) -> Expression:
    if not has_only(node, "this", "expressions"):
        raise _refuse(node.args.get("query") or node)
    options = [read_literal(option) for option in node.expressions]
    literals = tuple(option for option in options if option is not None)
    if not literals or len(literals) < len(options) or len({type(option) for option in literals}) > 1:
        raise SettingsError(f"{node.sql()!r:.60}: the list after `in` holds literals of one kind, such as (1, 2)")
    return OneOf(_expression(node.this), literals)


def _alike(node: Node) -> Expression:
    pattern = read_literal(node.expression)
    if not has_only(node, "this", "expression") or not isinstance(pattern, TextLiteral) or "\\" in pattern.text:
        raise SettingsError(f"{node.sql()!r:.60}: `like` takes a pattern in single quotes, such as 'C%', no backslash")
    return Alike(_expression(node.this), pattern.text)


def _missing(node: Node) -> Expression:
    if not has_only(node, "this", "expression") or not isinstance(node.expression, sql.Null):
        raise SettingsError(f"{node.sql()!r:.60}: `is` is followed by null or not null; else write =")
    return Missing(_expression(node.this))


def _choice(node: Node) -> Expression:
    """`case`, with or without an operand to compare each `when` with."""
    if not has_only(node, "this", "ifs", "default"):
        raise _refuse(node)
    operand = node.this and _expression(node.this)
    branches = []
    for branch in node.args["ifs"]:
        condition = _expression(branch.this)
        compared = Compared(operand, Operator.EQUAL, condition) if operand is not None else condition
        branches.append(Branch(compared, _expression(branch.args["true"])))
    default = node.args.get("default")
    is_plain = default is None or isinstance(default, sql.Null)
    return Choice(tuple(branches), None if is_plain else _expression(default))


def _aggregate(node: Node) -> Expression:
    function, argument = AGGREGATES[type(node)], node.this
    if not has_only(node, "this", "big_int") or argument is None:
        raise _refuse(node)
    if isinstance(argument, sql.Star) and function is AggregateFunction.COUNT and has_only(argument):
        return Aggregate(function, None)
    if isinstance(argument, sql.Distinct):
        if (
            function is not AggregateFunction.COUNT
            or len(argument.expressions) != 1
            or not has_only(argument, "expressions")
        ):
            raise _refuse(node)
        return Aggregate(function, _expression(argument.expressions[0]), distinct=True)
    return Aggregate(function, _expression(argument))


def _call(node: Node) -> Expression:
    """A function of the table, with as many arguments as it takes."""
    named = str(node.this).lower() if isinstance(node, sql.Anonymous) else ""
    function = FUNCTIONS.get(type(node)) or (Function.DAYS_BETWEEN if named == Function.DAYS_BETWEEN else None)
    if function is None or not has_only(node, "this", "expressions", "ignore_nulls"):
        raise _refuse(node)
    first = [] if isinstance(node, sql.Anonymous) else [node.this]
    arguments = [_expression(argument) for argument in (*first, *node.expressions)]
    most = len(arguments) if function in MANY else 2 if function in TWO else 1
    if not arguments or len(arguments) != most:
        raise SettingsError(f"{node.sql()!r:.60}: {function} takes {counted(most, 'argument')}")
    return Call(function, tuple(arguments))


READERS: Mapping[type[Any], Callable[[Node], Expression]] = {
    sql.Paren: _inside,
    sql.Neg: _negative,
    sql.And: _all_of,
    sql.Or: _any_of,
    sql.Not: _opposite,
    sql.Between: _between,
    sql.In: _one_of,
    sql.Like: _alike,
    sql.Is: _missing,
    sql.Case: _choice,
    sql.Anonymous: _call,
    **dict.fromkeys(SIGNS, _arithmetic),
    **dict.fromkeys(OPERATORS, _comparison),
    **dict.fromkeys(AGGREGATES, _aggregate),
    **dict.fromkeys(FUNCTIONS, _call),
}
