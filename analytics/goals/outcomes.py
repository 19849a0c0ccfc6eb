"""Who reaches a goal within its window, computed in the engine for any starts: month ends, or exposures.

The window is [starts_at, starts_at + within_days), on the wall clock of the business. The state at a moment is what is
known just before it: a term that ends at the moment still runs, so that its end lies in the window that starts there.
"""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir

from analytics.goals.goal import Goal, Outcome
from analytics.money.paying_months import paid_terms, runs
from analytics.whole_sums import whole_sum

MOMENTS = {"orders": "ordered_at", "events": "occurred_at", "subscriptions": "started_at"}
KEYS = ("customer_id", "starts_at")


def outcomes(goal: Goal, rows: ir.Table, starts: ir.Table, observed_until: datetime) -> ir.Table:
    """Whether customers reach a goal, from the start of each.

    rows : those of the goal's table (`analytics.history.DatedRows.rows`). starts : `customer_id` and `starts_at` (a
    timestamp on the wall clock), in the engine of the rows; the same pair twice counts once.

    Returns a row a pair: `customer_id`, `starts_at`, `eligible` (the goal can be reached by the customer at that
    moment, and the window is over by `observed_until`) and `reached`, false where it is not eligible.
    """
    pairs = starts.select(*KEYS).distinct()
    days = ibis.interval(days=goal.within_days)
    pairs = pairs.mutate(
        until=pairs.starts_at + days, is_over=pairs.starts_at + days <= ibis.literal(observed_until, "timestamp")
    )
    decided = OUTCOMES[goal.outcome](goal, rows, pairs)
    eligible = decided.is_over & decided.may_reach
    return decided.select(*KEYS, eligible=eligible, reached=eligible & decided.has_reached)


def _event(goal: Goal, rows: ir.Table, pairs: ir.Table) -> ir.Table:
    """A row of the table that meets the condition; refunds that are netted are no orders."""
    for flag in (goal.meets, "is_purchase"):
        if flag and flag in rows.columns:
            rows = rows.filter(rows[flag])
    happened = rows.select(actor=rows.customer_id, at=rows[MOMENTS[goal.table]])
    met = pairs.inner_join(happened, pairs.customer_id == happened.actor)
    met = met.filter((met.at >= met.starts_at) & (met.at < met.until))
    return _with_reached(pairs.mutate(may_reach=ibis.literal(True)), met)


def _churned(_: Goal, rows: ir.Table, pairs: ir.Table) -> ir.Table:
    money = _mrr(rows, pairs)
    return money.mutate(may_reach=money.before > 0, has_reached=money.after <= 0)


def _upgraded(_: Goal, rows: ir.Table, pairs: ir.Table) -> ir.Table:
    money = _mrr(rows, pairs)
    return money.mutate(may_reach=money.before > 0, has_reached=money.after > money.before)


def _trial_bought(_: Goal, rows: ir.Table, pairs: ir.Table) -> ir.Table:
    tries = _beside(rows.filter(rows.is_trial.fill_null(False)), pairs)
    running = tries.filter(runs(tries, tries.starts_at)).select(*KEYS).distinct().mutate(may_reach=ibis.literal(True))
    tried = _with_flag(pairs, running, "may_reach")
    paid = paid_terms(rows)
    bought = _beside(paid.filter(paid.cents > 0), pairs)
    bought = bought.filter((bought.started_at >= bought.starts_at) & (bought.started_at < bought.until))
    return _with_reached(tried, bought)


def _mrr(rows: ir.Table, pairs: ir.Table) -> ir.Table:
    """The pairs with their MRR at the start (`before`) and at the end of the window (`after`), in ten-thousandths."""
    terms = _beside(paid_terms(rows), pairs)
    sums = terms.group_by(*KEYS).aggregate(
        before=whole_sum(terms.cents, where=runs(terms, terms.starts_at)),
        after=whole_sum(terms.cents, where=runs(terms, terms.until)),
    )
    money = sums.select(payer=sums.customer_id, paid_from=sums.starts_at, before=sums.before, after=sums.after)
    joined = pairs.left_join(money, [pairs.customer_id == money.payer, pairs.starts_at == money.paid_from])
    own = {name: joined[name].fill_null(0) for name in ("before", "after")}
    return joined.select(*pairs.columns, **own)


def _beside(terms: ir.Table, pairs: ir.Table) -> ir.Table:
    """Each term of a customer beside each of its starts."""
    columns = [name for name in ("started_at", "ended_at", "cents") if name in terms.columns]
    renamed = terms.select(*columns, holder=terms.customer_id)
    return pairs.inner_join(renamed, pairs.customer_id == renamed.holder)


def _with_reached(pairs: ir.Table, met: ir.Table) -> ir.Table:
    return _with_flag(pairs, met.select(*KEYS).distinct().mutate(has_reached=ibis.literal(True)), "has_reached")


def _with_flag(pairs: ir.Table, flagged: ir.Table, flag: str) -> ir.Table:
    """The pairs with a flag that is true where the other table has the pair."""
    ours = flagged.select(owner=flagged.customer_id, owned_from=flagged.starts_at, is_flagged=flagged[flag])
    joined = pairs.left_join(ours, [pairs.customer_id == ours.owner, pairs.starts_at == ours.owned_from])
    return joined.select(*pairs.columns, **{flag: joined.is_flagged.fill_null(False)})


OUTCOMES = {
    Outcome.EVENT: _event,
    Outcome.CHURNED: _churned,
    Outcome.UPGRADED: _upgraded,
    Outcome.TRIAL_BOUGHT: _trial_bought,
}
