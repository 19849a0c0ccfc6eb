"""One DuckDB query a figure of subscriptions, written by hand from its definition; see `grouped` for the tables."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.benchmarks.analytics.grouped import MONTHS, MONTHS_AND_WINDOW, WINDOW

# what each customer pays a month at each month end, trials aside
PAID = """
    paid AS (
        SELECT terms.customer_id, ends.position, sum(terms.cents) AS cents
        FROM terms JOIN ends ON terms.started_at < ends.day AND (terms.ended_at IS NULL OR terms.ended_at >= ends.day)
        WHERE NOT terms.is_trial
        GROUP BY terms.customer_id, ends.position HAVING sum(terms.cents) > 0)
"""
# at each month end: what paying customers pay, by where they are then
STATE = f"""
    WITH {PAID}
    SELECT position, segment, plan, {{value}} AS value
    FROM paid JOIN members USING (customer_id, position) {MONTHS}
"""
# each customer who pays at the start of a month (`before`), by where they were then, with what they pay at its end
KEPT = f"""
    WITH {PAID},
    kept AS (
        SELECT start.customer_id, start.position, start.cents AS before, coalesce(finish.cents, 0) AS after
        FROM paid AS start LEFT JOIN paid AS finish
        ON finish.customer_id = start.customer_id AND finish.position = start.position + 1
        WHERE start.position < (SELECT max(position) FROM ends)),
    placed AS (
        SELECT kept.position + 1 AS position, before, after, segment, plan
        FROM kept JOIN members ON members.customer_id = kept.customer_id AND members.position = kept.position)
    SELECT position, segment, plan, {{value}} AS value FROM placed {MONTHS_AND_WINDOW}
"""
# each customer who pays at the end of a month and did not at its start, by where they are at the end
WON = f"""
    WITH {PAID},
    ever AS (SELECT customer_id, min(started_at) AS since FROM terms WHERE NOT is_trial AND cents > 0 GROUP BY ALL),
    won AS (
        SELECT finish.customer_id, finish.position, finish.cents, ever.since >= ends.day AS is_new
        FROM paid AS finish JOIN ever USING (customer_id) JOIN ends ON ends.position = finish.position - 1
        WHERE NOT EXISTS (
            FROM paid AS start WHERE start.customer_id = finish.customer_id AND start.position = finish.position - 1))
    SELECT position, segment, plan, {{value}} AS value FROM won JOIN members USING (customer_id, position)
    {MONTHS_AND_WINDOW}
"""
LOST = "sum(greatest(before - after, 0))"
GROWN = "sum(after - before) FILTER (after > before)"
SHRUNK = "sum(before - after) FILTER (after > 0 AND after < before)"
# gains of those who pay at the end and did not at the start, by where they are at the end; all else by the start
QUICK = f"""
    WITH {PAID},
    moves AS (
        SELECT customer_id, position, position AS month, cents AS gain, 0 AS loss FROM paid AS finish
        WHERE position > 0 AND NOT EXISTS (
            FROM paid AS start WHERE start.customer_id = finish.customer_id AND start.position = finish.position - 1)
        UNION ALL
        SELECT start.customer_id, start.position, start.position + 1,
               greatest(coalesce(finish.cents, 0) - start.cents, 0),
               greatest(start.cents - coalesce(finish.cents, 0), 0)
        FROM paid AS start LEFT JOIN paid AS finish
        ON finish.customer_id = start.customer_id AND finish.position = start.position + 1
        WHERE start.position < (SELECT max(position) FROM ends)),
    placed AS (
        SELECT month AS position, gain, loss, segment, plan FROM moves JOIN members USING (customer_id, position))
    SELECT position, segment, plan, sum(gain) / nullif(sum(loss), 0) AS value FROM placed {MONTHS_AND_WINDOW}
"""
# trials by where the customer is at the month end after; who has a paid term by the end of that day became paying
TRIALS = f"""
    WITH ended AS (
        SELECT trial.customer_id, finish.position,
               EXISTS (FROM terms AS paid WHERE paid.customer_id = trial.customer_id AND NOT paid.is_trial
                       AND paid.cents > 0 AND paid.started_at < date_trunc('day', trial.ended_at) + INTERVAL 1 DAY
                       AND (paid.ended_at IS NULL
                            OR paid.ended_at >= date_trunc('day', trial.ended_at) + INTERVAL 1 DAY)) AS paying
        FROM terms AS trial
        JOIN ends AS finish ON trial.ended_at < finish.day
        JOIN ends AS start ON start.position = finish.position - 1 AND trial.ended_at >= start.day
        WHERE trial.is_trial)
    SELECT position, segment, plan, avg(CAST(paying AS DOUBLE)) AS value
    FROM ended JOIN members USING (customer_id, position) {MONTHS_AND_WINDOW}
"""
MRR_SHARE = f"""
    WITH {PAID},
    total AS (SELECT position, sum(cents) AS total FROM paid GROUP BY position)
    SELECT position, segment, plan, sum(cents) / any_value(total) AS value
    FROM paid JOIN members USING (customer_id, position) JOIN total USING (position) {MONTHS}
"""

# where customers are at the last month end: ARPA then, by the churn of all months, of where they were at each start
LTV_FORMULA = f"""
    WITH arpa AS (
        WITH {PAID}
        SELECT segment, plan, sum(cents) / 10000 / count(*) AS arpa
        FROM paid JOIN members USING (customer_id, position)
        WHERE position = (SELECT max(position) FROM ends) {WINDOW}),
    churn AS ({KEPT.format(value="count(*) FILTER (after = 0) / count(*)")})
    SELECT NULL AS position, arpa.segment, arpa.plan, arpa / nullif(value, 0) AS value
    FROM arpa JOIN churn ON arpa.segment IS NOT DISTINCT FROM churn.segment
    AND arpa.plan IS NOT DISTINCT FROM churn.plan AND churn.position IS NULL
"""

SUBSCRIPTION_QUERIES: Mapping[str, str] = {
    "mrr": STATE.format(value="sum(cents) / 10000"),
    "mrr_share": MRR_SHARE,
    "mrr_customers": STATE.format(value="count(*)"),
    "arpa": STATE.format(value="sum(cents) / 10000 / count(*)"),
    "new_mrr": WON.format(value="coalesce(sum(cents) FILTER (is_new), 0) / 10000"),
    "reactivation_mrr": WON.format(value="coalesce(sum(cents) FILTER (NOT is_new), 0) / 10000"),
    "expansion_mrr": KEPT.format(value=f"coalesce({GROWN}, 0) / 10000"),
    "contraction_mrr": KEPT.format(value=f"coalesce({SHRUNK}, 0) / 10000"),
    "churned_mrr": KEPT.format(value="coalesce(sum(before) FILTER (after = 0), 0) / 10000"),
    "new_customers": WON.format(value="count(*) FILTER (is_new)"),
    "reactivated_customers": WON.format(value="count(*) FILTER (NOT is_new)"),
    "churned_customers": KEPT.format(value="count(*) FILTER (after = 0)"),
    "churn_rate": KEPT.format(value="count(*) FILTER (after = 0) / count(*)"),
    "revenue_churn": KEPT.format(value=f"{LOST} / sum(before)"),
    "grr": KEPT.format(value=f"1 - {LOST} / sum(before)"),
    "nrr": KEPT.format(value="sum(after) / sum(before)"),
    "quick_ratio": QUICK,
    "trial_conversion": TRIALS,
    "ltv_formula": LTV_FORMULA,
}
