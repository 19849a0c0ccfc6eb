"""A shop of any size as two Parquet files: orders and events of customers who are of four kinds and of uneven activity.

The engine draws the rows from a hash of their number, so the tables are the same in each run and take little
memory to make.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

AS_OF = date(2024, 1, 1)
SECONDS = 63_000_000  # of the two years before the as-of moment
FEATURES = 12
ORDERS_EACH, EVENTS_EACH = 5, 50  # on average
SETTINGS = f"""\
sources:
  orders: {{file: orders.parquet}}
  events: {{file: events.parquet}}
as_of: {AS_OF}
discovery: {{algorithms: [{{algorithm: kmeans, segments: 4}}]}}
analytics: {{months: 3}}
"""
MEMORY = "1GB"

# a square makes some customers far more active than others
CUSTOMER = "CAST(floor({customers} * pow(hash(i + {seed}) / 18446744073709551616.0, 2)) AS BIGINT)"
MOMENT = f"TIMESTAMP '{AS_OF}' - to_seconds(CAST(hash(i + {{seed}}) % {SECONDS} AS BIGINT))"
ORDERS = f"""
    SELECT {CUSTOMER.format(customers="{customers}", seed=1_000_000_007)} AS customer_id, i // 2 AS order_id,
           {MOMENT.format(seed=2_000_000_011)} AS ordered_at,
           round(exp(2 + customer_id % 4 + (hash(i + 3000000019) % 1000) / 1000.0), 2) AS amount
    FROM range({{rows}}) AS r(i)
"""  # noqa: S608
EVENTS = f"""
    SELECT {CUSTOMER.format(customers="{customers}", seed=4_000_000_007)} AS customer_id,
           {MOMENT.format(seed=5_000_000_029)} AS occurred_at,
           'feature ' || (hash(i + 6000000001) % (2 + customer_id % 4 * {FEATURES // 4})) AS feature
    FROM range({{rows}}) AS r(i)
"""  # noqa: S608


def write_shop(folder: Path, customers: int, orders: int, events: int) -> None:
    """Write orders.parquet and events.parquet with so many rows."""
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder)}) as connection:
        for name, query, rows in (("orders", ORDERS, orders), ("events", EVENTS, events)):
            connection.execute(
                f"COPY ({query.format(customers=customers, rows=rows)}) TO '{folder}/{name}.parquet' (FORMAT parquet)"
            ).fetchall()
