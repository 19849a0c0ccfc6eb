"""Raw columns read at once: nothing is accepted that the reading of single values refuses, and values are equal."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.tables.raw_tables import RawColumn, RawType
from serving.assignment import raw_rows
from serving.assignment.raw_columns import column_at_once
from serving.assignment.raw_rows import read_rows
from serving.wire.refusals import MOST_DETAILS, Refusal
from serving.wire.strict_json import NotJson

quick = settings(max_examples=300, deadline=None)

whole = st.integers(0, 9999)
clock = st.builds(
    "{:04}-{:02}-{:02}{}{:02}:{:02}{}{}".format,
    st.sampled_from([1, 2, 1969, 2026, 9998, 9999]) | whole,
    st.integers(0, 13),
    st.integers(0, 32),
    st.sampled_from("T tx"),
    st.integers(0, 25),
    st.integers(0, 61),
    st.sampled_from(["", ":00", ":59.5", ":60", ":07.123456", ":07.1234567", ":7"]),
    st.sampled_from(["", "", "", "Z", "+02:00", "-14:00", "+24:00", "+2", " "]),
)
day = st.dates().map(str)
odd = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        1.0,
        -0.0,
        2,
        math.inf,
        1e12,
        -(10**12),
        10**12 + 1,
        -1e308,
        10**400,
        2**53 + 1,
        "",
        "NaT",
        "now",
        "today",
        "2026",
        "x",
    ]
) | st.sampled_from(
    ["2026-06-01\n2026-06-02", "2026-06-01\n", "２０２６-06-01", "2026-W22-1", "20260601", [], {}, NotJson("NaN")]
)
VALUES: dict[RawType, st.SearchStrategy[Any]] = {
    RawType.TEXT: st.text(max_size=3),
    RawType.KEY: st.integers() | st.text(max_size=3),
    RawType.NUMBER: st.integers() | st.floats(allow_nan=False),
    RawType.FLAG: st.sampled_from([True, False, 0, 1, 0.0, 1.0]),
    RawType.MOMENT: clock | day,
}
columns = st.sampled_from(
    [
        *(RawColumn("it", kind) for kind in RawType),
        RawColumn("it", RawType.MOMENT, needed=True),
        RawColumn("it", RawType.NUMBER, largest=1e12),
    ]
)
cases = columns.flatmap(
    lambda column: st.tuples(
        st.just(column),
        st.lists(VALUES[column.type], min_size=1, max_size=5)
        | st.lists(VALUES[column.type] | odd, min_size=1, max_size=5),
    )
)


def careful(values: list[Any], column: RawColumn) -> tuple[list[Any], bool]:
    """The rows of one customer, read one by one; raises a Refusal."""
    reader = raw_rows._RowReader({"orders": [column]}, ["C1"])
    reader.read(0, "orders", [{"it": value} for value in values])
    expected = reader.tables()
    return list(expected.tables["orders"].columns["it"]), expected.zoned


@quick
@given(case=cases)
def test_a_column_read_at_once_equals_its_values_read_one_by_one(case: tuple[RawColumn, list[Any]]) -> None:
    column, values = case
    taken = column_at_once(values, column)
    if taken is None:
        return
    expected, zoned = careful(values, column)  # refuses nothing
    assert (True in taken.zones) == zoned
    if column.type is RawType.MOMENT:
        assert np.array_equal(taken.values, np.array(expected, "datetime64[us]"), equal_nan=True)
    elif column.type in (RawType.NUMBER, RawType.FLAG):
        assert np.array_equal(taken.values, np.array(expected, np.float64), equal_nan=True)
    else:
        assert taken.values.tolist() == expected


USUAL: list[tuple[RawType, list[Any]]] = [
    (RawType.TEXT, ["a", None, "ü"]),
    (RawType.KEY, ["K-1", 17, None]),
    (RawType.NUMBER, [1, 2.5, None]),
    (RawType.FLAG, [True, 0, None]),
    (RawType.MOMENT, ["2026-06-29", "2026-06-29T14:05:00", "2026-06-29 14:05:00.25", None]),
    (RawType.MOMENT, ["2026-06-29T14:05:00Z", "2026-06-29T14:05+02:00", None]),
    (RawType.MOMENT, [None, None]),
]


@pytest.mark.parametrize(("kind", "values"), USUAL)
def test_usual_values_are_read_at_once(kind: RawType, values: list[Any]) -> None:
    assert column_at_once(values, RawColumn("it", kind)) is not None


def test_the_largest_number_is_accepted_and_a_larger_one_refused() -> None:
    column, fine = RawColumn("it", RawType.NUMBER, largest=1e12), [1e12, -1e12, 10**12, None, 0]
    assert column_at_once(fine, column) is not None
    assert careful(fine, column)[0] == fine
    for beyond in (math.nextafter(1e12, math.inf), -math.nextafter(1e12, math.inf), 10**12 + 1, 1e300):
        with pytest.raises(Refusal) as refused:
            read_rows([{"orders": [{"it": 5}, {"it": beyond}]}], ["C1"], {"orders": [column]})
        (detail,) = refused.value.details
        assert (detail.customer, detail.feature) == ("C1", "orders[1].it")
        assert detail.expected == "a number between -1e12 and 1e12 or null"


def test_instants_are_converted_to_utc() -> None:
    column = RawColumn("it", RawType.MOMENT)
    taken = column_at_once(["2026-03-29T01:30:00+02:00", "2026-03-28T23:30:00Z"], column)
    assert taken is not None
    assert taken.values.tolist() == [datetime(2026, 3, 28, 23, 30)] * 2


def test_every_timestamp_must_have_a_zone_if_the_first_has_one() -> None:
    """A timestamp that differs is reported, not those after it that agree with the first."""
    row = {"at": "2026-06-01"}
    rows = [row, {"at": "2026-06-01T10:00Z"}, row, row]
    with pytest.raises(Refusal) as refused:
        read_rows([{"orders": rows}], ["C1"], {"orders": [RawColumn("at", RawType.MOMENT, needed=True)]})
    (detail,) = refused.value.details
    assert (detail.feature, detail.expected) == ("orders[1].at", "moments that all have a time zone, or none of them")


@pytest.mark.parametrize("table", ["orders", "attributes"])
def test_of_100_000_unknown_columns_only_the_reported_ones_get_a_suggestion(searches: list[str], table: str) -> None:
    row = {f"unheard{number}": 1 for number in range(100_000)}
    columns = {table: [RawColumn("amount", RawType.NUMBER)]}
    with pytest.raises(Refusal) as caught:
        read_rows([{table: [row]}, {table: [row]}], ["C1", "C2"], columns)
    features = [detail.feature for detail in caught.value.details]
    where = {"orders": "orders[0]", "attributes": "attributes"}[table]
    assert features == [f"{where}.unheard{number}" for number in range(MOST_DETAILS)], "in the order they were sent"
    assert len(searches) == MOST_DETAILS
