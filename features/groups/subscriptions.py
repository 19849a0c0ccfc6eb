"""Subscriptions of a customer: recurring revenue, its changes, and whether any subscription still runs.

A row of the raw table is a stretch of unchanged terms. Terms that end at or after the as-of moment still run: that
end was not known before it. A trial runs as other terms do, but has no MRR, and what follows it is no upgrade.

A use is missing where a running term says what is used and not what is allowed, or the reverse: it would be too high
or too low. A term that says neither has no seats or no quota, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from features.as_of import AnyAsOf
from features.notices import Notice
from features.tables.canonical import Tally
from features.tables.exact_sums import from_ten_thousandths, ten_thousandths
from features.tables.raw_tables import SUBSCRIPTIONS
from features.tables.term_rules import TRIAL
from segment_model.contract import Column, Kind, Role
from segment_model.errors import counted

GROUP = "subscriptions"
CHANGE_DAYS = 90


def subscriptions(terms: ir.Table, as_of: AnyAsOf, partial_use: bool = False) -> ir.Table:
    """One row a customer: the columns of `columns`, but the plan.

    partial_use : as `features.learned.LearnedFeatures`.
    """
    cents = ten_thousandths(terms.mrr).fill_null(0)
    terms = terms.mutate(cents=cents, runs=_runs(terms, as_of.clock()))
    terms = terms.mutate(ran=_runs(terms, as_of.clock(CHANGE_DAYS)))
    # trials follow trials, and paid terms paid terms: from one to the other is neither an upgrade nor a downgrade
    by = ["customer_id", *(name for name in ("subscription_id", TRIAL) if name in terms.columns)]
    in_order = ibis.window(group_by=by, order_by=[terms.started_at, terms.cents])
    terms = terms.mutate(before=terms.cents.lag().over(in_order))  # a column: else the SQL repeats it
    terms = terms.mutate(
        rises=terms.before.notnull() & (terms.cents > terms.before),
        falls=terms.before.notnull() & (terms.cents < terms.before),
    )
    pairs = _pairs(terms)
    sums = terms.group_by("customer_id").aggregate(
        now=terms.cents.sum(where=terms.runs).fill_null(0),
        then=terms.cents.sum(where=terms.ran).fill_null(0),
        running=terms.runs.sum(),
        first_day=terms.day.min(),
        upgrades=terms.rises.sum(),
        downgrades=terms.falls.sum(),
        **({"seats": terms.seats.sum(where=terms.runs)} if "seats" in terms.columns else {}),
        **{f"{n}_used": ten_thousandths(terms[used]).sum(where=terms.runs) for n, (used, _) in pairs.items()},
        **{f"{n}_allowed": ten_thousandths(terms[allowed]).sum(where=terms.runs) for n, (_, allowed) in pairs.items()},
        **({} if partial_use else {f"{n}_halves": (_half(terms, n) & terms.runs).sum() for n in pairs}),
    )
    values = {
        "mrr": from_ten_thousandths(sums.now),
        "mrr_change_90_days": from_ten_thousandths(sums.now - sums.then),
        "subscription_tenure_days": (as_of.day - sums.first_day).cast("float64"),
        "upgrades": sums.upgrades.cast("float64"),
        "downgrades": sums.downgrades.cast("float64"),
        "churned": ibis.ifelse(sums.running == 0, 1.0, 0.0),
    }
    if "seats" in terms.columns:
        values["seats"] = sums.seats.fill_null(0.0)
    for name in pairs:
        used, allowed = sums[f"{name}_used"].cast("float64"), sums[f"{name}_allowed"].cast("float64")
        usable = allowed > 0 if partial_use else (allowed > 0) & (sums[f"{name}_halves"] == 0)
        values[name] = used / ibis.ifelse(usable, allowed, None)
    return sums.select("customer_id", **values)


def half_known(terms: ir.Table, as_of: AnyAsOf) -> tuple[Tally, ...]:
    """The tally of the running terms that make a use missing; none where the table has no use."""
    pairs, running = _pairs(terms), _runs(terms, as_of.clock())
    if not pairs:
        return ()

    def count_rows(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
        own = {
            f"with_only_one_of_{used}_and_{allowed}": int(totals[name] or 0) for name, (used, allowed) in pairs.items()
        }
        return {**counts, **{name: count for name, count in own.items() if count}}

    def notices(totals: Mapping[str, Any]) -> tuple[Notice, ...]:
        return tuple(
            Notice(
                SUBSCRIPTIONS.name,
                f"{name} is missing for customers with a running term that says only one of {used} and {allowed}: "
                f"{counted(int(totals[name]), 'such term')}. Write both, or neither where the term has no {allowed}",
            )
            for name, (used, allowed) in pairs.items()
            if totals[name]
        )

    sums = terms.aggregate(**{name: (_half(terms, name) & running).sum() for name in pairs})
    return (Tally(sums, count_rows, "subscriptions: counting terms with half of a use", notices),)


def plan(terms: ir.Table, as_of: AnyAsOf) -> ir.Table:
    """The running plan of the highest MRR; among equal ones the one started last."""
    running = terms.filter(_runs(terms, as_of.clock()) & terms.plan.notnull())
    order = [running.mrr.fill_null(0.0).desc(), running.started_at.desc(), running.plan]
    ranked = running.mutate(rank=ibis.row_number().over(group_by="customer_id", order_by=order))
    return ranked.filter(ranked["rank"] == 0).select("customer_id", "plan")


def columns(terms: ir.Table, currency: str) -> tuple[Column, ...]:
    """What `subscriptions` computes. Bases: revenue, its change, tenure and how full seats and quota are."""
    base, tell, monthly = Role.BASIS, Role.DESCRIPTOR, f"{currency} a month"
    listed = [
        Column(
            "mrr", Kind.NUMBER, base, monthly, GROUP, "sum of mrr of the running terms but trials",
            low="low MRR", high="high MRR", label="MRR",
        ),
        Column(
            "mrr_change_90_days", Kind.NUMBER, base, monthly, GROUP, "mrr - mrr 90 days before",
            low="shrinking contract", high="growing contract", label="MRR change in 90 days",
        ),
        Column(
            "subscription_tenure_days", Kind.COUNT, base, "days", GROUP, "as-of day - day of the first start",
            True, low="new subscriber", high="long-standing subscriber", label="time as a subscriber",
        ),
        Column(
            "upgrades", Kind.COUNT, tell, "upgrades", GROUP, "terms with a higher mrr than those before, no trials",
            low="no upgrades", high="many upgrades",
        ),
        Column(
            "downgrades", Kind.COUNT, tell, "downgrades", GROUP, "terms with a lower mrr than those before, no trials",
            low="no downgrades", high="many downgrades",
        ),
        Column(
            "churned", Kind.FLAG, tell, "", GROUP, "1 if there were subscriptions and none runs",
            low="subscribed", high="churned",
        ),
    ]  # fmt: skip
    if "seats" in terms.columns:
        text = "seats of the running terms"
        listed.append(Column("seats", Kind.COUNT, tell, "seats", GROUP, text, low="few seats", high="many seats"))
    words = {"seat_use": ("empty seats", "full seats"), "quota_use": ("far below quota", "near the quota")}
    for name, (used, allowed) in _pairs(terms).items():
        text = f"{used} / {allowed} of the running terms; missing where one of them says only one of the two"
        low, high = words[name]
        listed.append(Column(name, Kind.NUMBER, base, f"of {allowed}", GROUP, text, True, low=low, high=high))
    return tuple(listed)


def plan_columns() -> tuple[Column, ...]:
    """What `plan` computes."""
    text = "running plan of the highest mrr; missing where none runs"
    return (Column("plan", Kind.CATEGORY, Role.DESCRIPTOR, "", GROUP, text, True),)


def _runs(terms: ir.Table, moment: ir.TimestampScalar) -> ir.BooleanValue:
    """Whether terms run at a moment, as known just before it."""
    begun = terms.started_at < moment
    if "ended_at" not in terms.columns:
        return begun
    return begun & (terms.ended_at.isnull() | (terms.ended_at >= moment))


def _half(terms: ir.Table, name: str) -> ir.BooleanValue:
    """Whether a term says only one of what is used and what is allowed."""
    used, allowed = _pairs(terms)[name]
    return terms[used].isnull() != terms[allowed].isnull()


def _pairs(terms: ir.Table) -> dict[str, tuple[str, str]]:
    """Columns of what is used and what is allowed, where the table has both."""
    pairs = {"seat_use": ("seats_used", "seats"), "quota_use": ("quota_used", "quota")}
    return {name: pair for name, pair in pairs.items() if set(pair) <= set(terms.columns)}
