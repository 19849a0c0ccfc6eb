"""The first steps of a statement: columns as numbers and texts, and which rows the model refuses.

`assign` refuses a whole table for one wrong value; a statement gives such a row no segment, and says why in the column
`refused`. NaN is missing, as everywhere. NaN is above every number in PostgreSQL and Spark and beside them in BigQuery
and Trino, so every comparison here holds for both: a number at most the largest double is no NaN in either.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from sqlglot import exp

from segment_model.contract import Column, Kind
from segment_model.encoding.any_frame import CUSTOMER
from segment_model.encoding.column_values import kind_bounds
from segment_model.encoding.encoder import MISSING_LEVEL, CategoryEncoding
from segment_model.model import SegmentModel
from warehouse.customer_table import CustomerTable
from warehouse.dialects.dialect import Dialect
from warehouse.expressions import (
    LARGEST,
    any_of,
    as_text,
    at_most,
    both,
    bracket,
    call,
    choose,
    column,
    double,
    equal,
    is_null,
    less,
    number,
    text,
    whole,
)

REFUSED, NOVEL = "refused", "novel"
BETWEEN_PROBLEMS = "; "
LONGEST_REASON = 1_000_000  # characters; Redshift documents no SUBSTRING of a text without a length


def read_columns(model: SegmentModel, table: CustomerTable, dialect: Dialect) -> dict[str, exp.Expression]:
    """The columns of the table: n0, n1, ... are numbers as doubles, t0, t1, ... categories as text."""
    columns: dict[str, exp.Expression] = {CUSTOMER: table.column(CUSTOMER, dialect)}
    for position, name in enumerate(model.encoder.numbers.names):
        stored = table.column(name, dialect)
        is_flag = model.contract[name].kind is Kind.FLAG and dialect.truth_is_text
        columns[f"n{position}"] = _flag(stored) if is_flag else double(stored)
    for position, category in enumerate(model.encoder.categories):
        columns[f"t{position}"] = dialect.exact_text(table.column(category.name, dialect))
    return columns


def checked_columns(
    model: SegmentModel, dialect: Dialect, others: Sequence[exp.Expression] = ()
) -> dict[str, exp.Expression]:
    """refused : every reason to refuse the row, or null. novel : whether a number lies far outside the training range.

    c0, c1, ... : the position of each category's level in its block, -1 for none. others : messages on other problems
    of a row, each an empty text where there is none.
    """
    infinity = double(exp.Literal.string(dialect.infinity))
    numbers = [model.contract[name] for name in model.encoder.numbers.names]
    problems = [_number_problem(c, column(f"n{n}"), infinity) for n, c in enumerate(numbers)]
    for position, category in enumerate(model.encoder.categories):
        own = model.contract[category.name]
        if not own.nullable:
            problems.append(choose([(is_null(column(f"t{position}")), _message(own))], text("")))
    joined = reduce(lambda left, right: exp.DPipe(this=left, expression=right), [*problems, *others] or [text("")])
    after_first = call("SUBSTRING", bracket(joined), whole(len(BETWEEN_PROBLEMS) + 1), whole(LONGEST_REASON))
    codes = {
        f"c{n}": _code(category, column(f"t{n}"), dialect.end_of_text)
        for n, category in enumerate(model.encoder.categories)
    }
    return {REFUSED: call("NULLIF", after_first, text("")), NOVEL: _novel(model), **codes}


def _flag(stored: exp.Expression) -> exp.Expression:
    """A flag as a double, whether it is stored as true and false or as a number."""
    words = as_text(stored)
    return choose(
        [(equal(words, text("true")), number(1.0)), (equal(words, text("false")), number(0.0))], double(words)
    )


def _number_problem(own: Column, stored: exp.Expression, infinity: exp.Expression) -> exp.Expression:
    """The message on a number that the contract refuses, else an empty text."""
    low, high = kind_bounds(own.kind)
    is_flag = own.kind is Kind.FLAG
    between = [both(less(number(0.0), stored), less(stored, number(1.0)))] if is_flag else []
    if not own.nullable:
        inside = exp.And(this=at_most(number(low), stored), expression=at_most(stored, number(high)))
        return choose([*((wrong, _message(own)) for wrong in between), (inside, text(""))], _message(own))
    outside = [less(stored, number(low)), equal(stored, infinity), *between]
    if high < LARGEST:
        outside.append(both(less(number(high), stored), at_most(stored, number(LARGEST))))
    return choose([(any_of(outside), _message(own))], text(""))


def _message(own: Column) -> exp.Expression:
    return text(f"{BETWEEN_PROBLEMS}{own.name}: expected {own.expected}")


def _novel(model: SegmentModel) -> exp.Expression:
    """Whether a number lies outside its range; a range without an end on one side is not exceeded there."""
    outside: list[exp.Expression] = []
    for position, (lower, upper) in enumerate(
        zip(model.novelty.lower.tolist(), model.novelty.upper.tolist(), strict=True)
    ):
        stored = column(f"n{position}")
        if lower > -LARGEST:
            outside.append(less(stored, number(lower)))
        if upper < LARGEST:
            outside.append(both(less(number(upper), stored), at_most(stored, number(LARGEST))))
    return choose([(any_of(outside), exp.true())], exp.false()) if outside else exp.false()


def _code(category: CategoryEncoding, stored: exp.Expression, end: str) -> exp.Expression:
    """The position of a text's level in the block of the category; end : of every text."""
    unseen = category.unseen_position
    missing = category.positions.get(MISSING_LEVEL, unseen)
    cases = [(is_null(stored), whole(missing))]
    for position, level in enumerate(category.levels):
        cases.append((equal(stored, text(level + end)), whole(position)))
    rare = [level for level in category.rare if category.positions[level] != unseen]
    cases += [(equal(stored, text(level + end)), whole(category.positions[level])) for level in rare]
    return choose(cases, whole(unseen))
