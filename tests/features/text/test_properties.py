"""The engines read text as the grammar in Python does, and what is written comes back exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.grammar.date_formats import date_format
from features.grammar.keys import read_key
from features.grammar.moments import has_zone, read_moment
from features.grammar.numbers import COMMA, POINT, UNKNOWN, read_number
from features.text.keys import read_keys
from features.text.moments import formatted_moment, iso_moment
from features.text.numbers import number_of
from features.text.rules import TextRules

quick = settings(max_examples=25, deadline=None)  # each compiles and runs a query of many texts
Evaluate = Callable[[Callable[[ir.StringValue], ir.Value], Sequence[str]], list[Any]]


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def evaluate(request: pytest.FixtureRequest) -> Any:
    """Evaluates an expression on a column of texts, in UTC."""
    if request.param == "duckdb":
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'").fetchall()
        connection.execute("CREATE TABLE texts (n INTEGER, text VARCHAR)").fetchall()
        backend: Any = ibis.duckdb.from_connection(connection)
        insert = "INSERT INTO texts SELECT unnest(?), unnest(?)"
    else:
        connection = psycopg.connect(request.getfixturevalue("postgres_url"), autocommit=True)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE TEMP TABLE texts (n INTEGER, text TEXT)")
        backend = ibis.postgres.from_connection(connection)
        insert = "INSERT INTO texts SELECT * FROM unnest(%s::int[], %s::text[])"
    table = ibis.table({"n": "int32", "text": "string"}, name="texts")

    def column(expression: Callable[[ir.StringValue], ir.Value], texts: Sequence[str]) -> list[Any]:
        connection.execute("DELETE FROM texts")
        connection.execute(insert, [list(range(len(texts))), list(texts)])
        query = table.select("n", it=expression(table.text)).order_by("n")
        return [row[1] for row in connection.execute(str(backend.compile(query))).fetchall()]

    yield column
    connection.close()


moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))
minutes = st.integers(-14 * 60, 14 * 60)
spelling = st.sampled_from(["Z", "z", "UTC", "GMT", " Z", " UTC", "  GMT"])


@st.composite
def zoned_texts(draw: Any) -> tuple[str, datetime]:
    """An instant in a style of zone, and the same instant in UTC."""
    moment, offset = draw(moments), timedelta(minutes=draw(minutes))
    clock = moment.isoformat(draw(st.sampled_from("T ")))
    if draw(st.booleans()):
        return clock + draw(spelling), moment
    sign, rest = ("-" if offset < timedelta(0) else "+"), abs(offset)
    hour, minute = divmod(rest // timedelta(minutes=1), 60)
    style = draw(st.sampled_from(["{}{:02}:{:02}", "{}{:02}{:02}", " {}{:02}:{:02}", "  {}{:02}{:02}"]))
    if not minute and draw(st.booleans()):
        return f"{clock}{sign}{hour:02}", moment - offset
    return clock + style.format(sign, hour, minute), moment - offset


@quick
@given(pairs=st.lists(zoned_texts(), min_size=1, max_size=30))
def test_instants_come_back_exactly(evaluate: Evaluate, pairs: list[tuple[str, datetime]]) -> None:
    texts = [text for text, _ in pairs]
    read = evaluate(lambda text: iso_moment(text, zoned=True).cast("timestamp"), texts)
    assert read == [moment for _, moment in pairs]
    assert [read_moment(text).astimezone(UTC).replace(tzinfo=None) for text in texts] == read  # type: ignore[union-attr]


@quick
@given(pairs=st.lists(st.tuples(moments, st.sampled_from("T ")), min_size=1, max_size=30))
def test_times_of_the_wall_clock_come_back_exactly(evaluate: Evaluate, pairs: list[tuple[datetime, str]]) -> None:
    texts = [moment.isoformat(between) for moment, between in pairs]
    assert evaluate(lambda text: iso_moment(text, zoned=False), texts) == [moment for moment, _ in pairs]


FORMATS = (
    *("%d/%m/%Y", "%m/%d/%y %H:%M", "%Y-%m-%d %I:%M:%S %p", "%d %B %Y", "%b %d, %Y at %I:%M %p", "%d.%m.%y %H:%M:%S"),
    *("%Y%m%d%H%M%S", "%d-%b-%y", "%Y/%m/%d %H:%M:%S.%f", "%a, %d %b %Y %H:%M:%S %z", "%y%m%d"),
    "%m/%d/%y %I:%M %p",
)


@pytest.mark.parametrize("directives", FORMATS)
@quick
@given(moments=st.lists(st.datetimes(datetime(1969, 1, 1), datetime(2068, 12, 31)), min_size=1, max_size=20))
def test_what_strftime_writes_comes_back(evaluate: Evaluate, directives: str, moments: list[datetime]) -> None:
    form = date_format(directives)
    texts = [moment.replace(tzinfo=UTC).strftime(directives) for moment in moments]
    expected = [datetime.strptime(text, directives).replace(tzinfo=None) for text in texts]
    assert evaluate(lambda text: formatted_moment(text, form).cast("timestamp"), texts) == expected
    read = [form.read(text) for text in texts]
    assert [_clock(moment) for moment in read] == expected


def _clock(moment: date | datetime | None) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment and moment.replace(tzinfo=None)
    return datetime.combine(moment, time.min)


digits = st.text("0123456789", min_size=1, max_size=5)
near_moments = st.text("0123456789-: TZ+UGMC./ae", max_size=22) | st.builds(
    "{:04}-{:02}-{:02}{}{:02}:{:02}{}{}".format,
    st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32), st.sampled_from("T t"), st.integers(0, 25),
    st.integers(0, 61), st.sampled_from(["", ":00", ":59.5", ":60", ":7", ":07.1234567"]),
    st.sampled_from(["", "Z", " UTC", "+02:00", "+2", " +0530", "-14", " PST", " "]),
)  # fmt: skip


@quick
@given(texts=st.lists(near_moments, min_size=1, max_size=50))
def test_engines_take_the_same_moments_as_python(evaluate: Evaluate, texts: list[str]) -> None:
    for zoned in (True, False):
        taken = evaluate(lambda text, zoned=zoned: iso_moment(text, zoned).notnull(), texts)  # type: ignore[misc]
        assert taken == [has_zone(text) is zoned and text == text.strip() for text in texts]


near_numbers = st.text("0123456789.,'()-+eE \u00a0\u2212", max_size=12) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=3
).map(str)


@quick
@given(texts=st.lists(near_numbers, min_size=1, max_size=50), decimal=st.sampled_from([UNKNOWN, POINT, COMMA]))
def test_engines_read_the_same_numbers_as_python(evaluate: Evaluate, texts: list[str], decimal: str) -> None:
    texts = [text.strip() for text in texts]
    assert evaluate(lambda text: number_of(text, decimal), texts) == [read_number(text, decimal) for text in texts]


money = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=2)


@quick
@given(amounts=st.lists(money, min_size=1, max_size=30), mark=st.sampled_from([" ", ",", "'", "\u00a0", "\u202f", "’"]))
def test_numbers_come_back_in_both_decimal_marks(evaluate: Evaluate, amounts: list[Decimal], mark: str) -> None:
    expected = [float(amount) for amount in amounts]
    point = [f"{amount:,}".replace(",", mark) for amount in amounts]
    assert evaluate(lambda text: number_of(text, POINT), point) == expected
    comma = [
        f"{amount:,}".replace(",", "_").replace(".", ",").replace("_", "." if mark == "," else mark)
        for amount in amounts
    ]
    assert evaluate(lambda text: number_of(text, COMMA), comma) == expected


ids = st.integers(-(10**38), 10**38).map(str) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=12
)
ids |= st.tuples(st.integers(-(10**20), 10**20), st.integers(1, 3)).map(lambda pair: f"{pair[0]}.{'0' * pair[1]}")


@quick
@given(texts=st.lists(ids, min_size=1, max_size=50))
def test_engines_read_the_same_keys_as_python(evaluate: Evaluate, texts: list[str]) -> None:
    rules = TextRules(null_words={"text": frozenset()})
    assert evaluate(lambda text: read_keys(text, rules, "text").column, texts) == [read_key(text) for text in texts]


@quick
@given(numbers=st.lists(st.integers(-(2**53) + 1, 2**53 - 1), min_size=1, max_size=50))
def test_whole_floats_meet_whole_numbers(evaluate: Evaluate, numbers: list[int]) -> None:
    rules = TextRules()
    texts = [f" {number}.0 " for number in numbers]
    assert evaluate(lambda text: read_keys(text, rules, "text").column, texts) == [str(number) for number in numbers]
