"""The last days before a moment: chosen by the midnight with which they begin, they are those that the days count."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
import ibis
import pytest

from features.as_of import AsOf, LaterAsOf

MOMENTS = (date(2024, 3, 1), datetime(2024, 3, 1, 0, 0, 0, 1), datetime(2024, 4, 1, 12, 30), datetime(1970, 1, 8))
MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("days", [1, 30, 90])
def test_a_row_is_of_the_last_days_by_its_moment_as_by_its_day(moment: date, days: int) -> None:
    known = AsOf.at(moment, "Europe/Berlin")
    midnights = [datetime(1970, 1, 1) + timedelta(days=known.last_day - before) for before in (0, days - 1, days, 300)]
    rows = [midnight + step for midnight in midnights for step in (-MICROSECOND, timedelta(), MICROSECOND)]
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE as_of AS SELECT CAST(? AS BIGINT) AS day, CAST(? AS BIGINT) AS last_day, "
        "CAST(? AS TIMESTAMP) AS local, CAST(? AS TIMESTAMPTZ) AS instant",
        [known.day, known.last_day, known.local, known.instant],
    )
    connection.execute("CREATE TABLE moments AS SELECT unnest(CAST(? AS TIMESTAMP[])) AS occurred_at", [rows])
    table = ibis.table({"occurred_at": "timestamp"}, name="moments")
    expected = [known.last_day - (row - datetime(1970, 1, 1)).days < days for row in rows]
    for as_of in (known, LaterAsOf()):
        chosen = table.mutate(recent=table.occurred_at >= as_of.first_midnight(days))
        by_row = dict(connection.sql(ibis.to_sql(chosen, dialect="duckdb")).fetchall())
        assert [by_row[row] for row in rows] == expected
