"""What a condition may hold, and what the message names where it holds something else."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from features.conditions.parse import LONGEST, parse_condition
from features.conditions.tree import (
    Absence,
    ColumnName,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    FlagLiteral,
    Likeness,
    Membership,
    MomentLiteral,
    Negation,
    NumberLiteral,
    Operator,
    TextLiteral,
    column_names,
)
from segment_model.errors import SettingsError

A, B = ColumnName("a"), ColumnName("b")
ONE, TWO = NumberLiteral(Decimal(1)), NumberLiteral(Decimal(2))
EQUAL, MORE, LESS = Operator.EQUAL, Operator.MORE, Operator.LESS


def is_one(column: ColumnName = A) -> Comparison:
    return Comparison(column, EQUAL, ONE)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 1", is_one()),
        ("a == 1", is_one()),
        ("(((a))) = (1)", is_one()),
        ("1 = a", is_one()),
        ("1 < a", Comparison(A, MORE, ONE)),
        ("2 >= a", Comparison(A, Operator.AT_MOST, TWO)),
        ("a != 1", Comparison(A, Operator.UNEQUAL, ONE)),
        ("a <> b", Comparison(A, Operator.UNEQUAL, B)),
        ("a < -1.50e2", Comparison(A, LESS, NumberLiteral(Decimal(-150)))),
        ("a = .5", Comparison(A, EQUAL, NumberLiteral(Decimal("0.5")))),
        ("a = 12345678901234567890", Comparison(A, EQUAL, NumberLiteral(Decimal(12345678901234567890)))),
        ("a = 'it''s -- no; comment'", Comparison(A, EQUAL, TextLiteral("it's -- no; comment"))),
        ("\"Financial Status\" = 'paid'", Comparison(ColumnName("Financial Status"), EQUAL, TextLiteral("paid"))),
        ('"sa""id" = 1', is_one(ColumnName('sa"id'))),
        ("Größe = 1", is_one(ColumnName("Größe"))),
        ("InvoiceNo = 1", is_one(ColumnName("InvoiceNo"))),
        ("date = 1 and order = 1", Conjunction((is_one(ColumnName("date")), is_one(ColumnName("order"))))),
        ("a", Comparison(A, EQUAL, FlagLiteral(True))),
        ("not a", Negation(Comparison(A, EQUAL, FlagLiteral(True)))),
        ("a = false", Comparison(A, EQUAL, FlagLiteral(False))),
        ("a in (1, 2)", Membership(A, (ONE, TWO))),
        ("a not in ('x')", Negation(Membership(A, (TextLiteral("x"),)))),
        ("a is null", Absence(A)),
        ("a is not null", Negation(Absence(A))),
        ("a not like 'C%'", Negation(Likeness(A, "C%"))),
        (
            "a between 1 and 2",
            Conjunction((Comparison(A, Operator.AT_LEAST, ONE), Comparison(A, Operator.AT_MOST, TWO))),
        ),
        ("a = 1 and b = 1 and a = 1", Conjunction((is_one(), is_one(B), is_one()))),
        ("a = 1 or b = 1 and a = 1", Disjunction((is_one(), Conjunction((is_one(B), is_one()))))),
        ("a > DATE '2026-06-29'", Comparison(A, MORE, MomentLiteral(date(2026, 6, 29)))),
        ("a > timestamp '2026-06-29T14:05'", Comparison(A, MORE, MomentLiteral(datetime(2026, 6, 29, 14, 5)))),
        (
            "a > TIMESTAMP '2026-06-29 14:05:00 UTC'",
            Comparison(A, MORE, MomentLiteral(datetime(2026, 6, 29, 14, 5, tzinfo=UTC))),
        ),
        (
            "a > TIMESTAMP '2026-06-29 14:05:00.25+0200'",
            Comparison(A, MORE, MomentLiteral(datetime(2026, 6, 29, 14, 5, 0, 250000, timezone(timedelta(hours=2))))),
        ),
    ],
)  # fmt: skip
def test_what_a_condition_says(text: str, tree: Condition) -> None:
    assert parse_condition(text) == tree


def test_the_columns_in_the_order_written() -> None:
    tree = parse_condition("a > 1 and not (b like 'x' or \"c d\" in (1)) and e is null and f < g and a = 2")
    assert list(column_names(tree)) == ["a", "b", "c d", "e", "f", "g", "a"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a = 5 -- of the old shop", "holds a comment"),
        ("/* x */ a = 5", "holds a comment"),
        ("a = 5; drop table orders", "more than one statement"),
        ("a in (select b from c)", "a subquery"),
        ("exists (select 1)", "a subquery"),
        ("select 1", "a subquery"),
        ("a = (select max(b) from c)", "a subquery"),
        ("lower(a) = 'x'", "a function"),
        ("a = now()", "a function"),
        ("a = current_date", "a function"),
        ("a = date('2026-01-01')", "a function"),
        ("read_csv('/etc/passwd') = 1", "a function"),
        ("coalesce(a, 0) = 1", "a function"),
        ("a[1] = 2", "a function"),
        ("a::int = 5", "a cast"),
        ("cast(a as int) = 5", "a cast"),
        ("a = '5'::int", "a cast"),
        ("a = TIMESTAMPTZ '2026-01-01'", "a cast"),
        ("case when a then b end", "`case`"),
        ("a + 1 = 2", "arithmetic"),
        ("a = 1 * 2", "arithmetic"),
        ("a = -b", "arithmetic"),
        ("a || b = 'x'", "arithmetic"),
        ("a = ?", "a parameter"),
        ("a = :x", "a parameter"),
        ("a = $1", "a parameter"),
        ("a ilike 'x'", "`ilike`"),
        ("a like 'x' escape '!'", "`escape`"),
        ("a = 1 b", "a word without an operator"),
        ("t.a = 5", "not part of a condition: 't.a'"),
        ("a.b.c = 5", "not part of a condition"),
        ("a similar to 'x'", "not part of a condition"),
        ("a ~ 'x'", "not part of a condition"),
        ("a is distinct from 5", "not part of a condition"),
        ("(a, b) = (1, 2)", "not part of a condition"),
        ("a < b < c", "not part of a condition"),
        ("interval '1' day = a", "not part of a condition"),
        ("* = 5", "not part of a condition"),
        ("a = E'x'", "not part of a condition"),
        ("a = 0x1F", "not part of a condition"),
        ("a = 'x' collate \"C\"", "not part of a condition"),
        ("a = any(b)", "not part of a condition"),
        ("5", "not part of a condition"),
        ("true", "not part of a condition"),
        ("'paid'", "not part of a condition"),
        ("1 = 1", "compares two constants"),
        ("a = null", "write `is null`"),
        ("a in (1, null)", "write `is null`"),
        ("a = ''", "write `is null`"),
        ("a is true", "`is` is followed by null"),
        ("a in ()", "literals of one kind"),
        ("a in (1, 'x')", "literals of one kind"),
        ("a in (b)", "not part of a condition"),
        ("a like b", "not part of a condition"),
        ("a like 5", "a pattern in single quotes"),
        ("a like '50\\%'", "no backslash"),
        ("a = ' x'", "without blanks around it"),
        ("a > DATE '2026-02-30'", "is no date"),
        ("a > DATE '29.6.2026'", "write it as 2026-06-29"),
        ("a > DATE '2026-06-29 10:00'", "is no date"),
        ("a > TIMESTAMP 'yesterday'", "is no timestamp"),
        ("a > TIMESTAMP '2026-06-29 10:00:00 PM'", "is no timestamp"),
        ("a = 1e400", "too large a number"),
        ("a = 5 or", "cannot be read after 'a = 5 or'"),
        ("a xor b", "cannot be read after 'a xor'"),
        ("a = 'x", "not closed"),
        ('a = "x', "not closed"),
        ("(a = 5", "cannot be read"),
        ("", "is empty"),
        ("  \n ", "is empty"),
        ("-- a = 5", "is empty"),
        ("a = 1" + " or a = 1" * LONGEST, "at most 10,000 characters"),
    ],
)
def test_what_is_refused_is_named_in_one_line(text: str, named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_condition(text)
    message = str(caught.value)
    assert named in message
    assert "\n" not in message
    assert "sqlglot" not in message
    assert len(message) < 500


@pytest.mark.parametrize(
    "text", ["(" * 4_000 + "a" + ")" * 4_000, "not " * 2_000 + "a", "a = " + "-" * 1 + "(" * 3_000]
)
def test_deep_nesting_is_refused_in_one_line_or_read(text: str) -> None:
    with suppress(SettingsError):  # and no RecursionError
        parse_condition(text)


def test_a_long_list_of_alternatives_is_no_deep_tree() -> None:
    tree = parse_condition(" or ".join(["a = 1"] * 900))
    assert isinstance(tree, Disjunction)
    assert len(tree.conditions) == 900


def test_a_condition_that_is_read_before_ibis_is_imported_changes_no_sql_of_ibis() -> None:
    """sqlglot keeps the first writer that it makes of a dialect, and Ibis changes those when it is imported."""
    program = """
from features.conditions.parse import parse_condition
from segment_model.errors import SettingsError
parse_condition("a > DATE '2026-01-01'")
try:
    parse_condition("lower(a) = 'x'")
except SettingsError:
    pass
import ibis
table = ibis.table({"a": "string"}, name="t")
print(ibis.to_sql(table.select(b=table.a.split(".")[0]), dialect="postgres"))
"""
    written = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert "STRING_TO_ARRAY" in written.upper()
