"""A company as large as its orders, written by the engine: terms, orders and membership in a DuckDB file.

`python -m experiments.benchmarks.analytics.large_company FILE ORDERS` writes it.
"""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path

import duckdb

from analytics.month_ends import MonthEnds

MONTH_ENDS = MonthEnds.before(datetime(2024, 1, 1), 12)
SEGMENTS = tuple(f"s{number}" for number in range(1, 7))
PLANS = ("free", "team", "business", "enterprise")
FIRST_DAY = date(2022, 1, 1)  # of terms and orders, a year before the window
SECONDS = 63_072_000  # two years


def write_large_company(file: Path, orders: int) -> None:
    """`orders` orders of a tenth as many customers, each with two terms; one customer in five moves in a month.

    The tables are those that `analytics.history` describes, with membership by plan and segment, and `ends`. One term
    in eight is a trial, a third of the customers leave, and one in ten leaves a gap between the two terms.
    """
    customers = max(orders // 10, 1)
    with duckdb.connect(str(file)) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"""CREATE TABLE ends AS
            SELECT * FROM (VALUES {", ".join(f"({at}, TIMESTAMP '{day}')" for at, day in enumerate(MONTH_ENDS.dates))})
            AS ends(position, day)"""
        )
        connection.execute(
            f"""CREATE TABLE lives AS
            SELECT id, TIMESTAMP '{FIRST_DAY}' + to_seconds(CAST(hash(id) % {SECONDS} AS BIGINT)) AS first,
                   to_seconds(CAST(1000000 + hash(id + 1) % 20000000 AS BIGINT)) AS length,
                   CASE WHEN hash(id + 2) % 10 = 0 THEN INTERVAL 70 DAY ELSE INTERVAL 0 DAY END AS gap,
                   CASE WHEN hash(id + 3) % 3 = 0
                        THEN to_seconds(CAST(2000000 + hash(id + 4) % 20000000 AS BIGINT)) END AS second_length,
                   CAST(100000 * round(exp(2 + (hash(id + 5) % 3000) / 1000.0), 2) AS BIGINT) AS cents,
                   CAST(hash(id + 6) % {len(PLANS)} AS BIGINT) AS plan, hash(id + 7) % 4 = 0 AS tries
            FROM range({customers}) AS ids(id)"""
        )
        plans = ", ".join(f"'{plan}'" for plan in PLANS)
        connection.execute(
            f"""CREATE TABLE terms AS
            SELECT customer_id, started_at, CASE WHEN ended_at < TIMESTAMP '{MONTH_ENDS.observed_until}' THEN ended_at
                   END AS ended_at, cents, [{plans}][plan + 1] AS plan, is_trial
            FROM (
                SELECT id AS customer_id, first AS started_at, first + length AS ended_at, cents, plan,
                       tries AS is_trial FROM lives
                UNION ALL
                SELECT id, first + length + gap, first + length + gap + second_length,
                       CAST(cents * (0.7 + (hash(id + 8) % 7) / 10.0) AS BIGINT), plan, false FROM lives)
            WHERE started_at < TIMESTAMP '{MONTH_ENDS.observed_until}'"""
        )
        connection.execute(
            f"""CREATE TABLE orders AS
            SELECT *, CAST(cents * 0.6 AS BIGINT) AS cost_cents FROM (
                SELECT CAST(hash(i // 2) % {customers} AS BIGINT) AS customer_id, i // 2 AS order_id,
                       TIMESTAMP '{FIRST_DAY}' + to_seconds(CAST(hash(i // 2 + 1) % {SECONDS} AS BIGINT)) AS ordered_at,
                       CAST(10000 * round(exp(3 + (hash(i + 2) % 2000) / 1000.0), 2) AS BIGINT) AS cents
                FROM range({orders}) AS r(i))"""
        )
        names = ", ".join(f"'{segment}'" for segment in SEGMENTS)
        connection.execute(
            f"""CREATE TABLE members AS
            SELECT id AS customer_id, CAST(position AS BIGINT) AS position,
                   [{names}][CAST(CASE WHEN hash(id * 13 + position) % 5 = 0 THEN hash(id + position) ELSE hash(id) END
                             % {len(SEGMENTS)} AS BIGINT) + 1] AS segment,
                   [{plans}][plan + 1] AS plan
            FROM lives, ends WHERE first < day OR id IN (SELECT customer_id FROM orders WHERE ordered_at < day)"""
        )
        connection.execute("DROP TABLE lives")


if __name__ == "__main__":
    write_large_company(Path(sys.argv[1]), int(sys.argv[2]))
