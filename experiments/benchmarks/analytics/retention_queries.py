"""One DuckDB query a figure of retention, written by hand from its definition; see `grouped` for the tables.

Cohorts answer with `cohort`, `k`, `size`, `customers`, `money`; curves of a segment with `segment`, `position`, `k`,
`size`, `customers`; survival, of everyone, with `time`, `at_risk`, `share`.
"""

from __future__ import annotations

from collections.abc import Mapping

from experiments.benchmarks.analytics.grouped import WINDOW
from experiments.benchmarks.analytics.subscription_queries import PAID

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
# Kaplan-Meier: months of life from the day of the first paid start to that of the last paid end, by the calendar; an
# end after exactly k months is of month k; an end in a month of life that is not over yet is not known
SURVIVAL = """
    WITH lives AS (
        SELECT customer_id, CAST(min(started_at) AS DATE) AS begun,
               CAST(max(coalesce(ended_at, TIMESTAMP '9999-01-01')) AS DATE) AS finish
        FROM terms WHERE NOT is_trial AND cents > 0 GROUP BY customer_id),
    months AS (
        SELECT datesub('month', begun, (SELECT CAST(max(day) AS DATE) FROM ends)) AS known,
               greatest(1, datesub('month', begun, finish - INTERVAL 1 DAY) + 1) AS leaving
        FROM lives),
    exits AS (SELECT least(known, leaving) AS month, leaving <= known AS leaves FROM months),
    steps AS (SELECT unnest(range(1, 1 + (SELECT max(month) FROM exits))) AS time),
    counts AS (
        SELECT time, count(*) FILTER (month >= time) AS at_risk, count(*) FILTER (leaves AND month = time) AS leaving
        FROM exits, steps GROUP BY time)
    SELECT time, at_risk, product(1 - leaving / at_risk) OVER (ORDER BY time) AS share FROM counts ORDER BY time
"""

# what customers pay at every month end of the whole history, by the first at which they paid
PAYING_COHORTS = """
    WITH closes AS (
        SELECT unnest(range(date_trunc('month', (SELECT min(started_at) FROM terms)),
                            (SELECT max(day) FROM ends) + INTERVAL 1 DAY, INTERVAL 1 MONTH)) AS day),
    paying AS (
        SELECT customer_id, day, sum(cents) AS cents
        FROM terms JOIN closes ON started_at < day AND (ended_at IS NULL OR ended_at >= day)
        WHERE NOT is_trial GROUP BY customer_id, day HAVING sum(cents) > 0),
    first AS (SELECT customer_id, min(day) AS start FROM paying GROUP BY customer_id)
    SELECT strftime(start - INTERVAL 1 DAY, '%Y-%m') AS cohort, datediff('month', start, day) AS k,
           count(*) AS customers, sum(cents) / 10000 AS money
    FROM paying JOIN first USING (customer_id) GROUP BY cohort, k ORDER BY cohort, k
"""
# members at a month end who pay k months later, all month ends with k months after them together
RETAINED = f"""
    WITH {PAID}
    SELECT NULL AS position, members.segment, members.plan, count(paid.customer_id) / count(*) AS value
    FROM members LEFT JOIN paid
    ON paid.customer_id = members.customer_id AND paid.position = members.position + {{k}}
    WHERE members.position + {{k}} <= (SELECT max(position) FROM ends) {WINDOW}
"""
# the same of those members who pay at the month end
KEPT = RETAINED.replace("FROM members LEFT JOIN", "FROM members SEMI JOIN paid USING (customer_id, position) LEFT JOIN")

PAYING_FIGURES: Mapping[str, str] = {
    **{f"retention_{k}": RETAINED.format(k=k) for k in (3, 6, 12)},
    **{f"paying_retention_{k}": KEPT.format(k=k) for k in (3, 6, 12)},
}
PAYING_QUERIES: Mapping[str, str] = {
    **PAYING_FIGURES,
    "paying_cohorts": PAYING_COHORTS,
    "paying_members": PAYING_MEMBERS,
    "survival": SURVIVAL,
}
# of a company without subscriptions
ORDERING_QUERIES: Mapping[str, str] = {
    "classic_cohorts": CLASSIC,
    "unbounded_cohorts": UNBOUNDED,
    "cohort_money": COHORT_MONEY,
    "ordering_members": ORDERING_MEMBERS,
}
