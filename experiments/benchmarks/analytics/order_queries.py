"""One DuckDB query a figure of orders, written by hand from its definition; see `grouped` for the tables."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.benchmarks.analytics.grouped import MONTHS, WINDOW

# lines of orders in each month by where the customer is at its end, in the window by where it is at the last month end
LINES = f"""
    WITH dated AS (
        SELECT orders.*, finish.position
        FROM orders
        JOIN ends AS finish ON orders.ordered_at < finish.day
        JOIN ends AS start ON start.position = finish.position - 1 AND orders.ordered_at >= start.day),
    latest AS (SELECT * EXCLUDE (position) FROM members WHERE position = (SELECT max(position) FROM ends))
    SELECT position, segment, plan, {{value}} AS value
    FROM dated JOIN members USING (customer_id, position) {MONTHS}
    UNION ALL SELECT NULL, segment, plan, {{value}} FROM dated JOIN latest USING (customer_id) {WINDOW}
"""
# orders of the window, by where the customer is at its end
BOUGHT = """
    bought AS (
        SELECT customer_id, count(DISTINCT order_id) AS orders, sum(cents) AS cents
        FROM orders WHERE ordered_at >= (SELECT min(day) FROM ends) AND ordered_at < (SELECT max(day) FROM ends)
        GROUP BY customer_id),
    latest AS (SELECT * FROM members WHERE position = (SELECT max(position) FROM ends))
"""
REPEAT = f"""
    WITH {BOUGHT}
    SELECT NULL AS position, segment, plan, count(*) FILTER (orders > 1) / count(*) AS value
    FROM bought JOIN latest USING (customer_id) {WINDOW}
"""
# of the customers who bought, the tenth who spent most; equal ones in the order of their ids
TOP_DECILE = f"""
    WITH {BOUGHT},
    ranked AS (
        SELECT segment, plan, bought.cents, bought.customer_id FROM bought JOIN latest USING (customer_id)),
    everyone AS (
        SELECT cents, ntile(10) OVER (ORDER BY cents DESC, customer_id) AS decile FROM ranked)
    SELECT NULL AS position, NULL AS segment, NULL AS plan, sum(cents) FILTER (decile = 1) / sum(cents) AS value
    FROM everyone
"""

# in each month by where they are at its end, in the window by where they are at the last month end
BUYERS = f"""
    WITH dated AS (
        SELECT orders.customer_id, finish.position
        FROM orders
        JOIN ends AS finish ON orders.ordered_at < finish.day
        JOIN ends AS start ON start.position = finish.position - 1 AND orders.ordered_at >= start.day),
    {BOUGHT}
    SELECT position, segment, plan, count(DISTINCT customer_id) AS value
    FROM dated JOIN members USING (customer_id, position) {MONTHS}
    UNION ALL SELECT NULL, segment, plan, count(*) FROM bought JOIN latest USING (customer_id) {WINDOW}
"""
REVENUE_PER_CUSTOMER = f"""
    WITH {BOUGHT}
    SELECT NULL AS position, segment, plan, sum(cents) / 10000 / count(*) AS value
    FROM bought JOIN latest USING (customer_id) {WINDOW}
"""
# the total of a month is that of its rows; of the window, of all rows
REVENUE_SHARE = f"""
    WITH shares AS ({LINES.format(value="sum(cents)")})
    SELECT position, segment, plan, value / sum(value) FILTER (segment IS NULL AND plan IS NULL) OVER (
        PARTITION BY position) AS value
    FROM shares
"""

ORDER_QUERIES: Mapping[str, str] = {
    "revenue": LINES.format(value="sum(cents) / 10000"),
    "revenue_share": REVENUE_SHARE,
    "buyers": BUYERS,
    "revenue_per_customer": REVENUE_PER_CUSTOMER,
    "orders": LINES.format(value="count(DISTINCT order_id)"),
    "basket": LINES.format(value="sum(cents) / 10000 / count(DISTINCT order_id)"),
    "margin": LINES.format(value="sum(cents - cost_cents) / sum(cents)"),
    "repeat_rate": REPEAT,
    "top_decile_share": TOP_DECILE,
}
