"""Who was exposed to which arm, when, and the outcomes that followed: summed in the engine."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

import ibis
import ibis.expr.types as ir
import pandas as pd

from analytics.experiments.effects import KEYS
from analytics.fetched import fetched
from analytics.history import EVERYONE
from analytics.intervals.pair_sums import PairSums, pair_aggregates
from features.tables.exact_sums import from_ten_thousandths

SUMS = tuple(column.name for column in fields(PairSums))
INCOMPLETE = "incomplete"
MONEY = "money"


def first_exposures(rows: ir.Table) -> ir.Table:
    """A row a customer and experiment: `arm` and `exposed_at` of the first exposure, `exposures`, and `is_mixed`.

    rows : those of the table of experiments. Rows without experiment or arm are left out. is_mixed : the customer was
    exposed to several arms, so that no arm is the cause of what it did.
    """
    usable = rows.filter(~_lacks_name(rows))
    firsts = usable.group_by("experiment", "customer_id").aggregate(
        arm=usable.arm.min(),
        last_arm=usable.arm.max(),
        exposed_at=usable.exposed_at.min(),
        exposures=usable.count(),
    )
    return firsts.mutate(is_mixed=firsts.arm != firsts.last_arm).drop("last_arm")


def rate_sums(exposed: ir.Table, decided: ir.Table) -> pd.DataFrame:
    """The sums of those who reached a goal, indexed by KEYS, with everyone's beside, and `incomplete`.

    exposed : `customer_id`, `experiment`, `arm`, `group` and `exposed_at`. decided : what `goals.outcomes` says of
    these customers and moments. incomplete : exposed customers whose outcome is not known yet, or who cannot reach it.
    """
    ours = decided.select(actor="customer_id", since="starts_at", eligible="eligible", reached="reached")
    joined = exposed.left_join(ours, [exposed.customer_id == ours.actor, exposed.exposed_at == ours.since])
    eligible, reached = joined.eligible.fill_null(False), joined.reached.fill_null(False)
    joined = joined.mutate(counts=eligible, own=(eligible & reached).ifelse(1, 0))
    return _summed(joined, "outcomes of experiments")


def money_sums(exposed: ir.Table, orders: ir.Table, within_days: int, observed_until: datetime) -> pd.DataFrame:
    """The sums of the money of orders in [exposed_at, exposed_at + within_days), as `rate_sums` has those of a goal.

    orders : with `ordered_at` and `cents`, in the engine of the exposed customers.
    """
    window = ibis.interval(days=within_days)
    ours = orders.select(buyer="customer_id", at="ordered_at", cents="cents")
    bought = exposed.inner_join(ours, exposed.customer_id == ours.buyer)
    bought = bought.filter((bought.at >= bought.exposed_at) & (bought.at < bought.exposed_at + window))
    money = bought.group_by("experiment", "customer_id").aggregate(cents=bought.cents.sum())
    spent = money.select(paid_in="experiment", payer="customer_id", cents="cents")
    joined = exposed.left_join(spent, [exposed.experiment == spent.paid_in, exposed.customer_id == spent.payer])
    is_over = joined.exposed_at + window <= ibis.literal(observed_until, "timestamp")
    own = is_over.ifelse(from_ten_thousandths(joined.cents.fill_null(0).cast("int64")), 0.0)
    return _summed(joined.mutate(counts=is_over, own=own), "money of experiments")


def _summed(rows: ir.Table, what: str) -> pd.DataFrame:
    """The sums of `own` over the rows that count, by experiment, arm and group, and of each arm over all groups."""
    aggregates = pair_aggregates(MONEY, rows.own, rows.counts.ifelse(1, 0), rows.counts, thirds=True)
    aggregates[INCOMPLETE] = (~rows.counts).sum().cast("float64")
    by_group = fetched(rows.group_by(*KEYS).aggregate(**aggregates), what)
    by_group = by_group.rename(columns={f"{MONEY} {name}": name for name in SUMS})
    everyone = by_group.groupby(["experiment", "arm"], as_index=False)[[*SUMS, INCOMPLETE]].sum()
    whole = pd.concat([everyone.assign(group=EVERYONE), by_group], ignore_index=True)
    return whole.set_index(list(KEYS)).sort_index()


def missing_names(rows: ir.Table) -> int:
    """How many exposures have no experiment or no arm."""
    lacks = _lacks_name(rows)
    return int(fetched(rows.aggregate(rows=lacks.sum().fill_null(0)), "experiments")["rows"].iloc[0])


def _lacks_name(rows: ir.Table) -> ir.BooleanValue:
    return rows.experiment.isnull() | rows.arm.isnull()  # noqa: PD003 - an expression, no frame
