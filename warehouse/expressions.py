"""The few forms of SQL expression that the statements are made of, as sqlglot's trees.

Every number is written so that each engine reads exactly the same double.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import reduce

from sqlglot import exp

from segment_model.errors import ContractError

NEGLIGIBLE = 1e-100  # PostgreSQL refuses a product that underflows; what is smaller counts as 0 in products
LARGEST = 1.7976931348623157e308
SUMMANDS = 32  # of one sum: what DuckDB takes to plan a chain of additions grows with the cube of its length
# pairs of characters that a program reads before the engine does: variables of Spark, and the templates of dbt
TAKEN_BY_OTHERS = ("${", "{{", "{%", "{#")


def number(value: float) -> exp.Expression:
    """A double, exactly; with an exponent, because engines take a plain decimal number for a DECIMAL.

    Raises
    ------
    ContractError
        If it is not finite: a model that holds such a number cannot be written as SQL.
    """
    if not math.isfinite(value):
        raise ContractError(f"the model holds the number {value}, which SQL cannot compute with; discover anew")
    digits = exp.Literal.number(f"{Decimal(repr(abs(value))).normalize():E}")
    return exp.Neg(this=digits) if value < 0 else digits


def coefficient(value: float) -> exp.Expression:
    """A double for a product or a sum, 0 where it is negligible."""
    return number(0.0 if abs(value) < NEGLIGIBLE else value)


def whole(count: int) -> exp.Expression:
    """A whole number."""
    digits = exp.Literal.number(str(abs(count)))
    return exp.Neg(this=digits) if count < 0 else digits


def text(words: str) -> exp.Expression:
    """A text; pairs of characters that other programs would read for themselves are kept apart.

    Raises
    ------
    ContractError
        If it holds the character 0, which no text of SQL can.
    """
    if "\0" in words:
        raise ContractError(f"SQL cannot hold the text {words!r}, which has the character 0")
    parts = [words]
    for pair in TAKEN_BY_OTHERS:
        parts = [piece for part in parts for piece in _kept_apart(part, pair)]
    literals: list[exp.Expression] = [exp.Literal.string(part) for part in parts]
    joined = reduce(lambda left, right: exp.DPipe(this=left, expression=right), literals)
    return joined if len(parts) == 1 else exp.Paren(this=joined)


def _kept_apart(words: str, pair: str) -> list[str]:
    """The text in pieces that do not hold the pair; joined, they are the text."""
    first, *rest = words.split(pair)
    pieces = [first]
    for part in rest:
        pieces[-1] += pair[0]
        pieces.append(pair[1] + part)
    return pieces


def column(name: str) -> exp.Column:
    """A column of our own, whose name needs no quotes in any dialect."""
    return exp.column(name)


def double(expression: exp.Expression) -> exp.Expression:
    """The expression as a double."""
    return exp.Cast(this=expression, to=exp.DataType.build("DOUBLE"))


def as_text(expression: exp.Expression) -> exp.Expression:
    """The expression as a text."""
    return exp.Cast(this=expression, to=exp.DataType.build("TEXT"))


def call(function: str, *arguments: exp.Expression) -> exp.Expression:
    """A function by the name that it has in every dialect."""
    return exp.Anonymous(this=function, expressions=list(arguments))


def total(terms: Iterable[exp.Expression]) -> exp.Expression:
    """The sum from the left, one term after another; of parts in brackets where it is long. 0 where there is none."""
    summands = list(terms)
    while len(summands) > SUMMANDS:
        starts = range(0, len(summands), SUMMANDS)
        summands = [bracket(_added(summands[start : start + SUMMANDS])) for start in starts]
    return _added(summands) if summands else number(0.0)


def _added(summands: Sequence[exp.Expression]) -> exp.Expression:
    return reduce(lambda left, right: exp.Add(this=left, expression=right), summands)


def difference(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """left - right, in brackets."""
    return exp.Paren(this=exp.Sub(this=left, expression=right))


def product(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """left * right; sums must come in brackets."""
    return exp.Mul(this=left, expression=right)


def quotient(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """left / right of doubles; sums must come in brackets."""
    return exp.Div(this=left, expression=right, typed=True, safe=False)


def bracket(expression: exp.Expression) -> exp.Expression:
    """The expression in brackets."""
    return exp.Paren(this=expression)


def choose(
    cases: Sequence[tuple[exp.Expression, exp.Expression]], otherwise: exp.Expression | None = None
) -> exp.Expression:
    """The first case whose condition is true."""
    whens = [exp.If(this=condition, true=outcome) for condition, outcome in cases]
    return exp.Case(ifs=whens, default=otherwise)


def switch(
    key: exp.Expression,
    cases: Sequence[tuple[exp.Expression, exp.Expression]],
    otherwise: exp.Expression | None = None,
) -> exp.Expression:
    """The case whose key is equal."""
    whens = [exp.If(this=label, true=outcome) for label, outcome in cases]
    return exp.Case(this=key, ifs=whens, default=otherwise)


def any_of(conditions: Sequence[exp.Expression]) -> exp.Expression:
    """Whether at least one condition is true."""
    return reduce(lambda left, right: exp.Or(this=left, expression=right), conditions)


def both(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """Whether both are true, in brackets."""
    return exp.Paren(this=exp.And(this=left, expression=right))


def less(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """left < right"""
    return exp.LT(this=left, expression=right)


def at_most(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """left <= right"""
    return exp.LTE(this=left, expression=right)


def equal(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """left = right"""
    return exp.EQ(this=left, expression=right)


def is_null(expression: exp.Expression) -> exp.Expression:
    """Whether the expression is null."""
    return exp.Is(this=expression, expression=exp.null())
