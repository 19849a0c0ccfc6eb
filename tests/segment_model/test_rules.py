"""Rules mean the same here, in DuckDB and in PostgreSQL, whatever the columns and levels are called."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segment_model.errors import ArtefactError, ContractError
from segment_model.rules import Between, Condition, Missing, OneOf, Rule, RuleSet, number
from segment_model.sql_text import quoted, quoted_name
from segments import Column, Kind, VectorContract

NUMBERS = ("spend", 'Umsatz "netto" €', "select")
CATEGORIES = ("plan", "o'brien; DROP TABLE vectors --")
LEVELS = [
    "",
    "pro",
    "PRO",
    "o'brien",
    "''",
    '"',
    "\\",
    "\\'",
    "ü",
    "u\u0308",
    "李\n",
    "%s",
    "$1",
    "; --",
    "NULL",
    "nan",
]

Value = float | str | None
numbers = st.one_of(
    st.none(),
    st.sampled_from([math.nan, 0.0, -0.0, 1.0, 0.1, 0.1 + 0.2, 1e300, -1e-300, 123456789.123456789]),
    st.integers(-3, 3).map(float),
    st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
)
bounds = numbers.filter(lambda value: value is not None and math.isfinite(value))
levels = st.one_of(st.sampled_from(LEVELS), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    size = draw(st.integers(0, 12))
    table: dict[str, Any] = {
        name: np.array(draw(st.lists(numbers, min_size=size, max_size=size)), dtype=float) for name in NUMBERS
    }
    for name in CATEGORIES:
        drawn = draw(st.lists(st.none() | levels, min_size=size, max_size=size))
        table[name] = pd.array(np.array(drawn, dtype=object), dtype="str")
    return pd.DataFrame(table, index=pd.Index([f"c{n}" for n in range(size)], dtype="str", name="customer_id"))


@st.composite
def conditions(draw: st.DrawFn, frame: pd.DataFrame) -> Condition:
    kind, flag = draw(st.sampled_from(["between", "one of", "missing"])), st.booleans()
    if kind == "missing":
        return Missing(draw(st.sampled_from(NUMBERS + CATEGORIES)), draw(flag))
    if kind == "one of":
        name = draw(st.sampled_from(CATEGORIES))
        present = frame[name].dropna().tolist()
        chosen = draw(st.lists(levels if not present else levels | st.sampled_from(present), min_size=1, max_size=3))
        return OneOf(name, tuple(chosen), draw(flag), draw(flag))
    name = draw(st.sampled_from(NUMBERS))
    present = frame[name].dropna().tolist()
    bound = bounds if not present else bounds | st.sampled_from(present)  # a threshold may be a customer's own value
    which = draw(st.sampled_from(["low", "high", "both"]))
    low, high = draw(bound), draw(bound)
    return Between(name, None if which == "high" else low, None if which == "low" else high, draw(flag))


@st.composite
def cases(draw: st.DrawFn) -> tuple[pd.DataFrame, np.ndarray[Any, np.dtype[np.bool_]], RuleSet]:
    frame = draw(frames())
    members = np.array(draw(st.lists(st.booleans(), min_size=len(frame), max_size=len(frame))), dtype=np.bool_)
    rules = draw(st.lists(st.lists(conditions(frame), max_size=3).map(lambda c: Rule(tuple(c))), max_size=2))
    return frame, members, RuleSet.measured("seg-a", 'Zoë\'s "best"', rules, frame, members)


def met(condition: Condition, value: Value) -> bool:
    """What a condition means, one value at a time."""
    missing = value is None or value != value
    if isinstance(condition, Missing):
        return missing != condition.negated
    if missing:
        return condition.or_missing
    if isinstance(condition, OneOf):
        return (value in condition.levels) != condition.negated
    assert isinstance(value, float)
    return not (condition.at_least is not None and value < condition.at_least) and not (
        condition.below is not None and value >= condition.below
    )


@settings(max_examples=150, deadline=None)
@given(cases())
def test_replaying_the_rules_gives_the_stated_figures(case: Any) -> None:
    frame, members, rules = case
    rows = frame.to_dict("records")
    matched = [any(all(met(c, row[c.column]) for c in rule.conditions) for rule in rules.rules) for row in rows]
    hits = sum(a and bool(b) for a, b in zip(matched, members, strict=True))
    assert rules.holds(frame).tolist() == matched
    assert (rules.matched, rules.hits, rules.size) == (sum(matched), hits, members.sum())
    assert rules.precision == (hits / sum(matched) if any(matched) else None)
    assert rules.coverage == (hits / members.sum() if members.any() else None)
    assert rules.holds(frame.astype(object).where(frame.notna(), None)).tolist() == matched  # None for NaN


@settings(max_examples=100, deadline=None)
@given(cases())
def test_json_holds_everything(case: Any) -> None:
    rules = case[2]
    assert RuleSet.from_json(json.loads(json.dumps(rules.to_json(), allow_nan=False))) == rules


Query = Callable[[pd.DataFrame, str], tuple[int, int]]


@pytest.fixture(scope="module")
def in_duckdb() -> Iterator[Query]:
    """Counts matched customers and members among them, in DuckDB."""
    with duckdb.connect() as database:

        def counts(table: pd.DataFrame, where: str) -> tuple[int, int]:
            database.register("vectors", table)
            matches = database.sql(
                f"SELECT count(*), count(*) FILTER (WHERE member) FROM vectors WHERE {where}"  # noqa: S608
            ).fetchall()
            return matches[0][0], matches[0][1]

        yield counts


@pytest.fixture(scope="module")
def in_postgres(postgres_url: str) -> Iterator[Query]:
    """The same in PostgreSQL, whose table has a missing value as NULL."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:

        def counts(table: pd.DataFrame, where: str) -> tuple[int, int]:
            types = {"f": "double precision", "b": "boolean"}
            columns = ", ".join(f"{quoted_name(c)} {types.get(table[c].dtype.kind, 'text')}" for c in table.columns)
            connection.execute("DROP TABLE IF EXISTS vectors")
            connection.execute(f"CREATE TEMPORARY TABLE vectors ({columns})")  # type: ignore[arg-type]
            with connection.cursor().copy("COPY vectors FROM STDIN") as copy:
                for row in table.astype(object).where(table.notna(), None).itertuples(index=False):
                    copy.write_row(row)
            matches = connection.execute(
                f"SELECT count(*), count(*) FILTER (WHERE member) FROM vectors WHERE {where}"  # type: ignore[arg-type] # noqa: S608
            ).fetchone()
            assert matches is not None
            return matches[0], matches[1]

        yield counts


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases())
def test_duckdb_recomputes_the_same_figures(in_duckdb: Query, case: Any) -> None:
    frame, members, rules = case
    assert in_duckdb(frame.assign(member=members), rules.sql()) == (rules.matched, rules.hits)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases())
def test_postgres_recomputes_the_same_figures(in_postgres: Query, case: Any) -> None:
    frame, members, rules = case
    assert in_postgres(frame.assign(member=members), rules.sql()) == (rules.matched, rules.hits)


@settings(max_examples=200, deadline=None)
@given(bounds)
def test_a_number_in_sql_is_exactly_the_number(value: float) -> None:
    assert float(number(value)) == value


def test_sql_reads_as_people_write_it() -> None:
    rule = Rule((Between("recency_days", below=30.0), Between("spend", 0.1, 1500.0), OneOf("plan", ("o'b", "pro"))))
    expected = """"recency_days" < 30 AND "spend" >= 0.1 AND "spend" < 1500 AND "plan" IN ('o''b', 'pro')"""
    assert rule.sql() == expected
    other = Rule((Missing("plan"), OneOf("plan", ("pro",), negated=True, or_missing=True)))
    both = RuleSet("seg-a", "a", (rule, other), 0, 0, 0)
    assert both.sql() == f'({expected}) OR ("plan" IS NULL AND ("plan" <> \'pro\' OR "plan" IS NULL))'
    assert RuleSet("seg-a", "a", (), 0, 0, 0).sql() == "FALSE"
    assert RuleSet("seg-a", "a", (Rule(()),), 0, 0, 0).sql() == "TRUE"
    assert (quoted_name('a"b'), quoted("a'b\\")) == ('"a""b"', "'a''b\\'")
    assert number(-0.0) == "0"


def test_words_have_units_and_lose_no_digit() -> None:
    contract = VectorContract(
        (
            Column("recency_days", Kind.COUNT, unit="days"),
            Column("use_share", Kind.SHARE),
            Column("spend", Kind.NUMBER, unit="USD"),
            Column("is_public", Kind.FLAG),
            Column("plan", Kind.CATEGORY),
        )
    )
    rule = Rule(
        (
            Between("recency_days", 1.0, 30.0, or_missing=True),
            Between("use_share", at_least=0.355),
            Between("spend", below=12345.25),
            Between("is_public", at_least=1.0),
            OneOf("plan", ("pro", "team"), negated=True),
        )
    )
    assert rule.words(contract) == (
        "recency at least 1 day and below 30 days or unknown, use share at least 35.5 %, spend below 12,345.25 USD, "
        "is public: yes, and plan is not pro nor team"
    )
    assert Rule((Missing("plan"), Missing("spend", True))).words(contract) == "plan unknown, and spend known"
    either = RuleSet("seg-a", "a", (Rule((Missing("plan"),)), Rule((Between("is_public", below=1.0),))), 0, 0, 0)
    assert either.words(contract) == "plan unknown; or is public: no"
    assert Rule(()).words(contract) == "everybody"
    assert RuleSet("seg-a", "a", (), 0, 0, 0).words(contract) == "nobody"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rules": [[{"kind": "sorcery"}]]}, "sorcery"),
        ({"rules": [[{"kind": "between", "column": "x"}]]}, "a rule on x needs a finite bound"),
        ({"rules": [[{"kind": "between", "column": "x", "below": "1 OR TRUE"}]]}, "cannot be read"),
        ({"rules": [[{"kind": "one of", "column": "x", "levels": []}]]}, "needs levels"),
        ({"rules": [[{"kind": "one of", "column": "x", "levels": [1]}]]}, "cannot be read"),
        ({"rules": [[{"kind": "missing", "column": "x", "more": 1}]]}, "more"),
        ({"matched": None}, "cannot be read"),
    ],
)
def test_stored_rules_that_are_none_are_refused(change: dict[str, Any], message: str) -> None:
    whole = RuleSet("seg-a", "a", (Rule((Missing("x"),)),), 1, 1, 1).to_json()
    with pytest.raises(ArtefactError, match=message):
        RuleSet.from_json({**whole, **change})


def test_a_table_of_other_columns_is_refused() -> None:
    frame = pd.DataFrame({"spend": ["much", "little"]})
    with pytest.raises(ContractError, match="the rules ask for plan; the table has spend"):
        Missing("plan").holds(frame)
    with pytest.raises(ContractError, match="the rules compare spend with a number"):
        Between("spend", below=1.0).holds(frame)
    with pytest.raises(ContractError, match="without the character 0"):
        OneOf("plan", ("a\0",))
