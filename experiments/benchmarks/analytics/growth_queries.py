"""DuckDB queries of sizes and flows of segments, written by hand; see `grouped` for the tables.

`sizes` answers with `position`, `segment` and its counts and money, `flows` with `position` (of the later month end),
`source`, `target`, `customers`, `money_before`, `money_after`.
"""

from __future__ import annotations

from collections.abc import Mapping

from experiments.benchmarks.analytics.subscription_queries import PAID

# each customer's place and money at two month ends that follow each other; null where they have no membership
PAIRS = f"""
    {PAID},
    place AS (
        SELECT members.customer_id, members.position, members.segment, coalesce(paid.cents, 0) AS cents
        FROM members LEFT JOIN paid USING (customer_id, position)),
    pairs AS (
        SELECT coalesce(later.customer_id, earlier.customer_id) AS customer_id,
               coalesce(later.position, earlier.position + 1) AS position, earlier.segment AS was,
               later.segment AS is_now, coalesce(earlier.cents, 0) AS before, coalesce(later.cents, 0) AS after
        FROM place AS later FULL JOIN place AS earlier
        ON earlier.customer_id = later.customer_id AND earlier.position = later.position - 1
        WHERE coalesce(later.position, earlier.position + 1) <= (SELECT max(position) FROM ends))
"""
# who left counts where they were, who returned (had MRR at an earlier month end) where they are
SIZES = f"""
    WITH {PAIRS},
    first AS (SELECT customer_id, min(started_at) AS since FROM terms WHERE NOT is_trial AND cents > 0 GROUP BY ALL),
    arrived AS (
        SELECT pairs.position, is_now AS segment, count(*) AS customers, sum(after) / 10000 AS money,
               count(*) FILTER (pairs.position > 0 AND was IS NULL) AS joined,
               count(*) FILTER (was <> is_now) AS came,
               count(*) FILTER (before = 0 AND after > 0 AND was IS NOT NULL AND first.since < earlier.day) AS returned
        FROM pairs LEFT JOIN first USING (customer_id)
        LEFT JOIN ends AS earlier ON earlier.position = pairs.position - 1
        WHERE is_now IS NOT NULL GROUP BY ALL),
    departed AS (
        SELECT position, was AS segment, count(*) FILTER (was <> is_now) AS went,
               count(*) FILTER (is_now IS NULL) AS gone,
               count(*) FILTER (before > 0 AND after = 0 AND is_now IS NOT NULL) AS "left"
        FROM pairs WHERE was IS NOT NULL GROUP BY ALL)
    SELECT position, segment, arrived.* EXCLUDE (position, segment), went, gone, "left"
    FROM arrived FULL JOIN departed USING (position, segment)
"""
FLOWS = f"""
    WITH {PAIRS}
    SELECT position, coalesce(was, 'joined') AS source, coalesce(is_now, 'gone') AS target, count(*) AS customers,
           sum(before) / 10000 AS money_before, sum(after) / 10000 AS money_after
    FROM pairs WHERE position > 0 GROUP BY ALL
"""

GROWTH_QUERIES: Mapping[str, str] = {"sizes": SIZES, "flows": FLOWS}
