"""Reads a condition as in SQL into a tree; everything that is not on the list of parts is refused.

sqlglot parses the text. Only the parts that `tree` has are taken from its result, each with all its arguments, so that
nothing that a later version of sqlglot learns to parse becomes part of the grammar by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import expressions as sql
from sqlglot.errors import ParseError, SqlglotError

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
    Operand,
    Operator,
    TextLiteral,
)
from features.grammar.moments import read_moment
from segment_model.errors import SettingsError

Node = Any  # of sqlglot's tree; the name of its base class depends on the version
# only to read: sqlglot keeps the first writer that it makes of a dialect, and Ibis changes those when it is imported
DIALECT = "postgres"
LONGEST = 10_000  # characters
PARTS = (
    "A condition has columns, numbers, 'text', true, false, DATE '2026-01-31', TIMESTAMP '2026-01-31 12:00:00', "
    "= <> < <= > >=, and, or, not, in, between, like, is null"
)
OPERATORS: Mapping[type[Any], Operator] = {
    sql.EQ: Operator.EQUAL,
    sql.NEQ: Operator.UNEQUAL,
    sql.LT: Operator.LESS,
    sql.LTE: Operator.AT_MOST,
    sql.GT: Operator.MORE,
    sql.GTE: Operator.AT_LEAST,
}
MIRRORED = {
    Operator.LESS: Operator.MORE,
    Operator.AT_MOST: Operator.AT_LEAST,
    Operator.MORE: Operator.LESS,
    Operator.AT_LEAST: Operator.AT_MOST,
}
REFUSED: tuple[tuple[tuple[type[Any], ...], str], ...] = (  # the first that fits names the part
    ((sql.Query, sql.Exists), "a subquery"),
    ((sql.Case,), "`case`"),
    ((sql.Cast,), "a cast"),
    ((sql.Placeholder, sql.Parameter), "a parameter"),
    ((sql.ILike,), "`ilike`"),
    ((sql.Escape,), "`escape`"),
    ((sql.Alias,), "a word without an operator"),
    ((sql.Add, sql.Sub, sql.Mul, sql.Div, sql.Mod, sql.IntDiv, sql.Neg, sql.Pow, sql.DPipe), "arithmetic"),
    ((sql.Func, sql.Bracket), "a function"),
)


def parse_condition(text: str) -> Condition:
    """The tree of a condition.

    Raises
    ------
    SettingsError
        If the text is not a condition, or has a part that conditions do not have; the message names the part.
    """
    try:
        return _condition(parse_sql(text, "condition", PARTS))
    except RecursionError as error:
        raise SettingsError(f"the condition {text!r:.60} is nested too deeply") from error


def parse_sql(text: str, what: str, parts: str) -> Node:
    """The one expression in a text, as sqlglot parses it, whatever it holds.

    Raises
    ------
    SettingsError
        If there is no expression or more than one, a comment, or something that sqlglot cannot parse.
    """
    if len(text) > LONGEST:
        raise SettingsError(f"a {what} has at most {LONGEST:,} characters, this one has {len(text):,}")
    try:
        tokens = sqlglot.tokenize(text, read=DIALECT)
        statements = sqlglot.parse(text, read=DIALECT)
    except ParseError as error:
        at = error.errors[0] if error.errors else {}
        near = f"{at.get('start_context') or ''}{at.get('highlight') or ''}"[-40:].strip()
        raise SettingsError(
            f"the {what} cannot be read after {near!r}. {parts}; a column goes in double quotes where its name has "
            "blanks or is a word of SQL"
        ) from error
    except (SqlglotError, RecursionError) as error:
        raise SettingsError(f"the {what} {text!r:.60} cannot be read: a quote or bracket is not closed") from error
    if any(token.comments for token in tokens):
        raise SettingsError(f"the {what} {text!r:.60} holds a comment; write the comment in the YAML file, after a #")
    if not tokens:
        raise SettingsError(f"the {what} is empty; leave it out, or write one. {parts}")
    if len(statements) != 1 or statements[0] is None:
        raise SettingsError(f"the {what} {text!r:.60} holds a `;`, and so more than one statement; write one {what}")
    return statements[0]


def refused(node: Node, what: str, parts: str) -> SettingsError:
    """The error that names a part which the grammar does not have."""
    name = next((name for types, name in REFUSED if isinstance(node, types)), "this part")
    return SettingsError(f"{name} is not part of a {what}: {node.sql()!r:.60}. {parts}")


def has_only(node: Node, *arguments: str) -> bool:
    """Whether a part of sqlglot's tree has no other arguments than these, and `negate`."""
    return all(name in (*arguments, "negate") or content in (None, False, []) for name, content in node.args.items())


def _condition(node: Node) -> Condition:
    """The tree of a condition, with the opposite taken where sqlglot notes a `not` inside `in`, `like` or `is`."""
    reader = READERS.get(type(node), _flag_column)
    condition = reader(node)
    return Negation(condition) if node.args.get("negate") else condition


def _refuse(node: Node) -> SettingsError:
    return refused(node, "condition", PARTS)


def _joined(node: Node) -> Condition:
    """`and` and `or`, each as one list however long."""
    kind = type(node)
    pending, parts = [node], []
    while pending:
        current = pending.pop()
        if type(current) is kind and has_only(current, "this", "expression"):
            pending += [current.expression, current.this]
        else:
            parts.append(_condition(current))
    return Conjunction(tuple(parts)) if kind is sql.And else Disjunction(tuple(parts))


def _opposite(node: Node) -> Condition:
    return Negation(_condition(node.this))


def _inside(node: Node) -> Condition:
    return _condition(node.this)


def _comparison(node: Node) -> Condition:
    if not has_only(node, "this", "expression"):
        raise _refuse(node)
    left, operator, right = _operand(node.this), OPERATORS[type(node)], _operand(node.expression)
    if isinstance(left, ColumnName):
        return Comparison(left, operator, right)
    if isinstance(right, ColumnName):
        return Comparison(right, MIRRORED.get(operator, operator), left)
    raise SettingsError(f"{node.sql()!r:.60} compares two constants; name a column on one side. {PARTS}")


def _between(node: Node) -> Condition:
    if not has_only(node, "this", "low", "high"):
        raise _refuse(node)
    column = _column(node.this)
    low, high = (_operand(node.args[name]) for name in ("low", "high"))
    return Conjunction((Comparison(column, Operator.AT_LEAST, low), Comparison(column, Operator.AT_MOST, high)))


def _membership(node: Node) -> Condition:
    if not has_only(node, "this", "expressions"):
        raise _refuse(node.args.get("query") or node)
    options = tuple(_literal(option) for option in node.expressions)
    if not options or len({type(option) for option in options}) > 1:
        raise SettingsError(
            f"{node.sql()!r:.60}: the list after `in` holds literals of one kind, such as ('a', 'b') or (1, 2)"
        )
    return Membership(_column(node.this), options)


def _likeness(node: Node) -> Condition:
    if not has_only(node, "this", "expression"):
        raise _refuse(node)
    pattern = _literal(node.expression)
    if not isinstance(pattern, TextLiteral):
        raise SettingsError(f"{node.sql()!r:.60}: `like` takes a pattern in single quotes, such as 'C%'")
    if "\\" in pattern.text:
        raise SettingsError(f"{pattern.text!r:.60}: a pattern of `like` has no backslash; % is any text, _ a character")
    return Likeness(_column(node.this), pattern.text)


def _absence(node: Node) -> Condition:
    if not has_only(node, "this", "expression") or not isinstance(node.expression, sql.Null):
        raise SettingsError(f"{node.sql()!r:.60}: `is` is followed by null or not null; else write =")
    return Absence(_column(node.this))


def _flag_column(node: Node) -> Condition:
    """A column alone: whether it is true."""
    if not isinstance(node, sql.Column):
        raise _refuse(node)
    return Comparison(_column(node), Operator.EQUAL, FlagLiteral(True))


def _operand(node: Node) -> Operand:
    name = column_name(node)
    return _literal(node) if name is None else ColumnName(name)


def _column(node: Node) -> ColumnName:
    name = column_name(node)
    if name is None:
        raise _refuse(node)
    return ColumnName(name)


def column_name(node: Node) -> str | None:
    """The name of a column without a table in front, quoted or not; None for anything else."""
    node = _unwrapped(node)
    is_plain = type(node) is sql.Column and has_only(node, "this") and type(node.this) is sql.Identifier
    return str(node.this.this) if is_plain else None


def _unwrapped(node: Node) -> Node:
    """What stands in brackets."""
    while type(node) is sql.Paren:
        node = node.this
    return node


def _literal(node: Node) -> Literal:
    literal = read_literal(node)
    if literal is None:
        raise _refuse(node)
    return literal


def read_literal(node: Node) -> Literal | None:
    """The constant of a part of sqlglot's tree; None where it is none.

    Raises
    ------
    SettingsError
        If it is null, an empty text, no day of the calendar, or a number beyond double precision.
    """
    node = _unwrapped(node)
    if type(node) is sql.Null:
        raise SettingsError("nothing equals null; write `is null` or `is not null`")
    if type(node) is sql.Boolean:
        return FlagLiteral(bool(node.this))
    if type(node) is sql.Literal:
        return _text(str(node.this)) if node.is_string else _number(str(node.this))
    if type(node) is sql.Neg and type(node.this) is sql.Literal and not node.this.is_string:
        return _number(f"-{node.this.this}")
    if type(node) is sql.Cast and type(node.this) is sql.Literal and node.this.is_string:
        return _moment(node.this.this, node.args["to"].sql())
    return None


def _text(text: str) -> TextLiteral:
    if not text.strip():
        raise SettingsError("an empty text is missing; write `is null`")
    if text != text.strip():
        raise SettingsError(f"{text!r:.60}: text is compared without blanks around it; write it without them")
    return TextLiteral(text)


def _number(text: str) -> NumberLiteral:
    number = Decimal(text)
    if not math.isfinite(float(number)):
        raise SettingsError(f"{text:.60} is too large a number")
    return NumberLiteral(number)


def _moment(text: str, kind: str) -> MomentLiteral | None:
    if kind not in FORMS:
        return None
    moment = read_moment(text)
    if moment is None or (kind == "DATE" and isinstance(moment, datetime)):
        raise SettingsError(f"{kind} {text!r:.60} is no {kind.lower()}; write it as {FORMS[kind]}")
    return MomentLiteral(moment)


FORMS = {"DATE": "2026-06-29", "TIMESTAMP": "2026-06-29 14:05:00 or 2026-06-29 14:05:00+02:00"}
READERS: Mapping[type[Any], Callable[[Any], Condition]] = {
    sql.And: _joined,
    sql.Or: _joined,
    sql.Not: _opposite,
    sql.Paren: _inside,
    sql.Between: _between,
    sql.In: _membership,
    sql.Like: _likeness,
    sql.Is: _absence,
    **dict.fromkeys(OPERATORS, _comparison),
}
