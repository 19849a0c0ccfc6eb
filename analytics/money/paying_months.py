"""The MRR of each customer at each month end, and what became of it until the next.

Everything that is about a customer with MRR at a month end stands in one row: what it is worth in the month that
follows (it stays, grows, shrinks, goes), and whether it is new or came back in the month before. So one join with the
membership at that month end gives every figure its group, and nothing is counted twice.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from analytics.month_ends import MonthEnds

FIRST_PAID = "first_paid"
OF_THE_MONTH_AFTER = ("start", "expansion", "contraction", "churned", "start_customers", "churned_customers")
OF_THE_MONTH_BEFORE = ("new", "reactivation", "new_customers", "reactivated_customers")


def runs(terms: ir.Table, moment: ir.TimestampScalar) -> ir.BooleanValue:
    """Whether terms run at a moment, as known just before it: `started_at` < moment <= `ended_at`."""
    begun = terms.started_at < moment
    return begun & (terms.ended_at.isnull() | (terms.ended_at >= moment)) if "ended_at" in terms.columns else begun


def paid_terms(terms: ir.Table) -> ir.Table:
    """The terms whose money is MRR: no trials."""
    return terms.filter(~terms.is_trial.fill_null(False)) if "is_trial" in terms.columns else terms


def mrr_by_customer(terms: ir.Table, ends: MonthEnds) -> ir.Table:
    """One row a customer: `mrr_0` to `mrr_n` at the month ends in ten-thousandths, and when it first paid at all.

    Terms that never run bring no MRR at any moment, so that a customer of nothing else before is a new one. So does a
    term whose price a discount (a term below 0) takes away as a whole, for as long as it does.
    """
    paid = paid_terms(terms)
    moments = [ibis.literal(day.isoformat(), "timestamp") for day in ends.dates]
    sums = paid.group_by("customer_id").aggregate(
        **{f"mrr_{p}": paid.cents.sum(where=runs(paid, moment)).fill_null(0) for p, moment in enumerate(moments)},
        is_discounted=(paid.cents < 0).max(),
        begun=paid.started_at.min(where=(paid.cents > 0) & ~never_runs(paid)),
    )
    discounted = _first_paid_of_discounted(paid)
    joined = sums.left_join(discounted, sums.customer_id == discounted.payer)
    first = ibis.ifelse(joined.is_discounted.fill_null(False), joined.first_moment, joined.begun)
    kept = [name for name in sums.columns if name not in ("is_discounted", "begun")]
    return joined.select(*kept, **{FIRST_PAID: first})


def _first_paid_of_discounted(paid: ir.Table) -> ir.Table:
    """`payer` and `first_moment`, from which on its terms add up to more than 0, of customers with a term below 0.

    They begin to do so where a term above 0 starts, or one below 0 ends.
    """
    with_discount = paid.filter(paid.cents < 0).select("customer_id").distinct()
    own = paid.semi_join(with_discount, "customer_id")
    ended = own.ended_at if "ended_at" in own.columns else ibis.null("timestamp")
    changes = own.select(payer="customer_id", first_moment=ibis.ifelse(own.cents > 0, own.started_at, ended)).distinct()
    met = changes.inner_join(own, changes.payer == own.customer_id)
    lasts = (met.ended_at.isnull() | (met.ended_at > met.first_moment)) if "ended_at" in own.columns else True
    met = met.filter((met.started_at <= met.first_moment) & lasts)
    sums = met.group_by("payer", "first_moment").aggregate(cents=met.cents.sum())
    return sums.filter(sums.cents > 0).group_by("payer").aggregate(first_moment=sums.first_moment.min())


def paying_months(by_customer: ir.Table, ends: MonthEnds) -> ir.Table:
    """A row for each customer and month end (`position`) with MRR, of the table of `mrr_by_customer`.

    mrr : at the month end. In the month after it, 0 at the last: start (the MRR again), expansion, contraction,
    churned, and the counts start_customers, churned_customers. In the month before it, 0 at the first: new,
    reactivation, and the counts new_customers, reactivated_customers. Money is in ten-thousandths; a customer whose
    terms add up to less than 0 has no MRR.
    """
    last = len(ends.dates) - 1
    tables = [_at(by_customer, position, last, ends) for position in range(last + 1)]
    return ibis.union(tables[0], *tables[1:])


def _at(table: ir.Table, position: int, last: int, ends: MonthEnds) -> ir.Table:
    paying = table.filter(table[f"mrr_{position}"] > 0)
    mrr, none = paying[f"mrr_{position}"], ibis.literal(0, "int64")
    columns: dict[str, ir.Value] = dict.fromkeys((*OF_THE_MONTH_AFTER, *OF_THE_MONTH_BEFORE), none)
    if position < last:
        after = paying[f"mrr_{position + 1}"]
        columns |= {
            "start": mrr,
            "expansion": ibis.ifelse(after > mrr, after - mrr, 0),
            "contraction": ibis.ifelse((after > 0) & (after < mrr), mrr - after, 0),
            "churned": ibis.ifelse(after <= 0, mrr, 0),
            "start_customers": ibis.literal(1, "int64"),
            "churned_customers": ibis.ifelse(after <= 0, 1, 0),
        }
    if position > 0:
        before = ibis.literal(ends.dates[position - 1].isoformat(), "timestamp")
        had_none = paying[f"mrr_{position - 1}"] <= 0
        is_new = had_none & (paying[FIRST_PAID] >= before).fill_null(True)
        came_back = had_none & (paying[FIRST_PAID] < before).fill_null(False)
        columns |= {
            "new": ibis.ifelse(is_new, mrr, 0),
            "reactivation": ibis.ifelse(came_back, mrr, 0),
            "new_customers": ibis.ifelse(is_new, 1, 0),
            "reactivated_customers": ibis.ifelse(came_back, 1, 0),
        }
    whole = {name: column.cast("int64") for name, column in columns.items()}
    return paying.select("customer_id", position=ibis.literal(position, "int64"), mrr=mrr.cast("int64"), **whole)


def customers_below_zero(by_customer: ir.Table, ends: MonthEnds) -> ir.Table:
    """One number: the customers whose terms add up to less than 0 at some month end."""
    columns = [by_customer[f"mrr_{position}"] for position in range(len(ends.dates))]
    return by_customer.aggregate(customers=(ibis.least(*columns) < 0).sum().fill_null(0))


def terms_that_never_run(terms: ir.Table) -> ir.Table:
    """One number: the terms that end when or before they start."""
    return terms.aggregate(terms=terms.count(where=never_runs(terms)))


def never_runs(terms: ir.Table) -> ir.BooleanValue:
    """Whether terms end when or before they start."""
    if "ended_at" not in terms.columns:
        return ibis.literal(False)
    return (terms.ended_at <= terms.started_at).fill_null(False)
