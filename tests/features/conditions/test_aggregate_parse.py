"""What an own feature may hold, and what the message names where it holds something else."""

from __future__ import annotations

from decimal import Decimal

import pytest

from features.conditions.aggregate_parse import parse_aggregate
from features.conditions.aggregates import (
    Aggregate,
    AggregateFunction,
    Arithmetic,
    AsOfMoment,
    Branch,
    Call,
    Choice,
    Compared,
    Expression,
    Function,
    OneOf,
    Sign,
    aggregates_in,
    columns_in,
)
from features.conditions.tree import ColumnName, NumberLiteral, Operator
from segment_model.errors import SettingsError

A, B = ColumnName("a"), ColumnName("b")
ZERO, ONE, SIX = (NumberLiteral(Decimal(number)) for number in ("0", "1", "6"))
SUM, COUNT, AVG, MAX = AggregateFunction.SUM, AggregateFunction.COUNT, AggregateFunction.AVG, AggregateFunction.MAX


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("count(*)", Aggregate(COUNT, None)),
        ("COUNT(a)", Aggregate(COUNT, A)),
        ("count(distinct a)", Aggregate(COUNT, A, distinct=True)),
        ("(sum(a))", Aggregate(SUM, A)),
        ("sum(a) / count(*)", Arithmetic(Aggregate(SUM, A), Sign.BY, Aggregate(COUNT, None))),
        ("sum(-a)", Aggregate(SUM, Arithmetic(ZERO, Sign.MINUS, A))),
        ("sum(a * -1)", Aggregate(SUM, Arithmetic(A, Sign.TIMES, NumberLiteral(Decimal(-1))))),
        ("days_between(max(a), as_of)", Call(Function.DAYS_BETWEEN, (Aggregate(MAX, A), AsOfMoment()))),
        (
            "avg(case when dayofweek(a) in (0, 6) then 1 else 0 end)",
            Aggregate(AVG, Choice((Branch(OneOf(Call(Function.DAYOFWEEK, (A,)), (ZERO, SIX)), ONE),), ZERO)),
        ),
        ("sum(case a when 1 then b end)", Aggregate(SUM, Choice((Branch(Compared(A, Operator.EQUAL, ONE), B),), None))),
        ("coalesce(sum(a), 0)", Call(Function.COALESCE, (Aggregate(SUM, A), ZERO))),
        ("count(*) > 1", Compared(Aggregate(COUNT, None), Operator.MORE, ONE)),
    ],
)
def test_what_an_expression_says(text: str, tree: Expression) -> None:
    assert parse_aggregate(text) == tree


def test_its_aggregates_and_columns() -> None:
    tree = parse_aggregate("case when sum(a) > 1 and max(b) is null then least(count(c), 2) end + sum(a)")
    assert [aggregate.function for aggregate in aggregates_in(tree)] == ["sum", "max", "count", "sum"]
    assert list(columns_in(tree)) == ["a", "b", "c", "a"]
    assert list(columns_in(tree, outside_aggregates=True)) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("amount", "write an aggregate, such as sum(amount)"),
        ("1", "write an aggregate"),
        ("sum(a) + b", "'b' stands outside of an aggregate"),
        ("case when b > 1 then sum(a) end", "'b' stands outside of an aggregate"),
        ("sum(max(a))", "an aggregate inside sum(...)"),
        ("avg(case when count(*) > 1 then a end)", "an aggregate inside avg(...)"),
        ("stddev(a)", "a function is not part of a feature: 'STDDEV(a)'"),
        ("sum(log(a))", "a function is not part of a feature"),
        ("max(now())", "a function"),
        ("sum(a) over ()", "not part of a feature"),
        ("sum(a) filter (where b > 1)", "not part of a feature"),
        ("sum(distinct a)", "not part of a feature"),
        ("count(distinct a, b)", "not part of a feature"),
        ("count()", "not part of a feature"),
        ("min(a, b)", "not part of a feature"),
        ("sum(a order by b)", "not part of a feature"),
        ("sum(a % 2)", "arithmetic"),
        ("sum(a::int)", "a cast"),
        ("sum((select 1))", "a subquery"),
        ("sum(t.a)", "not part of a feature"),
        ("sum(*)", "not part of a feature"),
        ("sum(?)", "a parameter"),
        ("sum(a); sum(b)", "more than one statement"),
        ("sum(a) -- money", "holds a comment"),
        ("days_between(max(a))", "days_between takes 2 arguments"),
        ("days_between(max(a), as_of, as_of)", "days_between takes 2 arguments"),
        ("abs(max(a), 1)", "cannot be read after"),
        ("read_text(max(a))", "a function"),
        ("sum(case when a in (1, 'x') then 1 end)", "literals of one kind"),
        ("sum(case when a like b then 1 end)", "a pattern in single quotes"),
        ("sum(case when a = null then 1 end)", "write `is null`"),
        ("sum(", "cannot be read"),
        ("", "is empty"),
    ],
)
def test_what_is_refused_is_named_in_one_line(text: str, named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_aggregate(text)
    message = str(caught.value)
    assert named in message
    assert "\n" not in message
    assert "sqlglot" not in message
