"""One DuckDB query a figure of retention, written by hand from its definition; see `grouped` for the tables.

Cohorts answer with `cohort`, `k`, `size`, `customers`, `money`; curves of a segment with `segment`, `position`, `k`,
`size`, `customers`; survival, of everyone, with `time`, `at_risk`, `share`.
"""

from __future__ import annotations

from collections.abc import Mapping

# the months in which each customer orders, as whole numbers that follow each other; months of the window are not enough
ORDERED = """
    ordered AS (
        SELECT DISTINCT customer_id, CAST(datediff('month', TIMESTAMP '1970-01-01', ordered_at) AS INTEGER) AS month
        FROM orders WHERE ordered_at < (SELECT max(day) FROM ends))
"""
FIRST = "first AS (SELECT customer_id, min(month) AS cohort FROM ordered GROUP BY customer_id)"
SIZES = "sizes AS (SELECT cohort, count(*) AS size FROM first GROUP BY cohort)"
CLASSIC = f"""
    WITH {ORDERED}, {FIRST}, {SIZES}
    SELECT cohort, month - cohort AS k, any_value(size) AS size, count(*) AS customers
    FROM ordered JOIN first USING (customer_id) JOIN sizes USING (cohort)
    GROUP BY cohort, k ORDER BY cohort, k
"""
UNBOUNDED = f"""
    WITH {ORDERED}, {FIRST}, {SIZES},
    latest AS (SELECT customer_id, max(month) AS month FROM ordered GROUP BY customer_id),
    steps AS (SELECT unnest(range(1000)) AS k)
    SELECT cohort, k, any_value(size) AS size, count(*) AS customers
    FROM latest JOIN first USING (customer_id) JOIN sizes USING (cohort) JOIN steps ON k <= month - cohort
    GROUP BY cohort, k ORDER BY cohort, k
"""
COHORT_MONEY = f"""
    WITH {ORDERED}, {FIRST}
    SELECT cohort, CAST(datediff('month', TIMESTAMP '1970-01-01', ordered_at) AS INTEGER) - cohort AS k,
           sum(cents) / 10000 AS money
    FROM orders JOIN first USING (customer_id) WHERE ordered_at < (SELECT max(day) FROM ends)
    GROUP BY cohort, k ORDER BY cohort, k
"""
# members of a segment at a month end who order in the k-th month after
ORDERING_MEMBERS = """
    WITH active AS (
        SELECT DISTINCT orders.customer_id, finish.position
        FROM orders
        JOIN ends AS finish ON orders.ordered_at < finish.day
        JOIN ends AS start ON start.position = finish.position - 1 AND orders.ordered_at >= start.day),
    sizes AS (SELECT segment, position, count(*) AS size FROM members GROUP BY ALL)
    SELECT members.segment, members.position, active.position - members.position AS k, any_value(size) AS size,
           count(*) AS customers
    FROM members JOIN active ON active.customer_id = members.customer_id AND active.position > members.position
    JOIN sizes ON sizes.segment = members.segment AND sizes.position = members.position
    GROUP BY ALL
"""
# members of a segment at a month end who pay at the k-th month end after
PAYING_MEMBERS = """
    WITH paid AS (
        SELECT DISTINCT terms.customer_id, ends.position
        FROM terms JOIN ends ON terms.started_at < ends.day AND (terms.ended_at IS NULL OR terms.ended_at >= ends.day)
        WHERE NOT terms.is_trial AND terms.cents > 0),
    sizes AS (SELECT segment, position, count(*) AS size FROM members GROUP BY ALL)
    SELECT members.segment, members.position, paid.position - members.position AS k, any_value(size) AS size,
           count(*) AS customers
    FROM members JOIN paid ON paid.customer_id = members.customer_id AND paid.position > members.position
    JOIN sizes ON sizes.segment = members.segment AND sizes.position = members.position
    GROUP BY ALL
"""
# Kaplan-Meier: months of life from the first paid start to the end of the last paid term, by calendar months from the
# start; who leaves in a month of life that was not over by the last month end counts as still subscribed
SURVIVAL = """
    WITH lives AS (
        SELECT customer_id, min(started_at) AS begun, max(coalesce(ended_at, TIMESTAMP '9999-01-01')) AS finish
        FROM terms WHERE NOT is_trial AND cents > 0 GROUP BY customer_id),
    months AS (
        SELECT datesub('month', begun, (SELECT max(day) FROM ends)) AS known,
               datesub('month', begun, finish) + 1 AS leaving
        FROM lives),
    exits AS (SELECT least(known, leaving) AS month, leaving <= known AS leaves FROM months),
    steps AS (SELECT unnest(range(1, 1 + (SELECT max(month) FROM exits))) AS time),
    counts AS (
        SELECT time, count(*) FILTER (month >= time) AS at_risk, count(*) FILTER (leaves AND month = time) AS leaving
        FROM exits, steps GROUP BY time)
    SELECT time, at_risk, product(1 - leaving / at_risk) OVER (ORDER BY time) AS share FROM counts ORDER BY time
"""

RETENTION_QUERIES: Mapping[str, str] = {
    "classic_cohorts": CLASSIC,
    "unbounded_cohorts": UNBOUNDED,
    "cohort_money": COHORT_MONEY,
    "ordering_members": ORDERING_MEMBERS,
    "paying_members": PAYING_MEMBERS,
    "survival": SURVIVAL,
}
