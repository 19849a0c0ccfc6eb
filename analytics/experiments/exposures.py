"""Who was exposed to which arm, when, and the outcomes that followed: out of the engine."""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir
import pandas as pd

from analytics.experiments.comparison import BY_SEGMENT, KEYS, GroupColumns, by_group
from analytics.fetched import fetched
from features.tables.exact_sums import from_ten_thousandths

INCOMPLETE = "incomplete"
COUNTS = ("n", "reached", INCOMPLETE)


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


def rate_counts(exposed: ir.Table, decided: ir.Table, columns: GroupColumns = BY_SEGMENT) -> pd.DataFrame:
    """How many reached a goal, indexed by KEYS: `n` whose window is over, the `reached` of them, and `incomplete`.

    exposed : `customer_id`, `experiment`, `arm`, `exposed_at`, and the columns of groups. decided : what
    `goals.outcomes` says of these customers and moments. incomplete : exposed customers whose outcome is not known yet,
    or who cannot reach it.
    """
    ours = decided.select(actor="customer_id", since="starts_at", eligible="eligible", reached="reached")
    joined = exposed.left_join(ours, [exposed.customer_id == ours.actor, exposed.exposed_at == ours.since])
    counts = joined.eligible.fill_null(False)
    cells = joined.group_by("experiment", "arm", *(column for _, column in columns)).aggregate(
        n=counts.ifelse(1, 0).sum(),
        reached=(counts & joined.reached.fill_null(False)).ifelse(1, 0).sum(),
        incomplete=counts.ifelse(0, 1).sum(),
    )
    fetched_cells = fetched(cells, "outcomes of experiments").astype(dict.fromkeys(COUNTS, "float64"))
    return by_group(fetched_cells, columns).groupby(list(KEYS))[[*COUNTS]].sum()


def money_rows(
    exposed: ir.Table,
    orders: ir.Table,
    within_days: int,
    observed_until: datetime,
    columns: GroupColumns = BY_SEGMENT,
    is_seen: ir.BooleanValue | None = None,
) -> pd.DataFrame:
    """The money of orders in [exposed_at, exposed_at + within_days), a row an exposed customer.

    The columns are `experiment`, `arm`, those of groups, `counts` (whether the window is over, and `is_seen`) and `own`
    money. orders : with `ordered_at` and `cents`, in the engine of the exposed customers. is_seen : of `exposed`,
    whether orders tell of the whole window; by default they do.
    """
    exposed = exposed.mutate(is_seen=ibis.literal(True) if is_seen is None else is_seen)
    window = ibis.interval(days=within_days)
    ours = orders.select(buyer="customer_id", at="ordered_at", cents="cents")
    bought = exposed.inner_join(ours, exposed.customer_id == ours.buyer)
    bought = bought.filter((bought.at >= bought.exposed_at) & (bought.at < bought.exposed_at + window))
    money = bought.group_by("experiment", "customer_id").aggregate(cents=bought.cents.sum())
    spent = money.select(paid_in="experiment", payer="customer_id", cents="cents")
    joined = exposed.left_join(spent, [exposed.experiment == spent.paid_in, exposed.customer_id == spent.payer])
    rows = joined.select(
        "experiment",
        "arm",
        *(column for _, column in columns),
        counts=joined.is_seen & (joined.exposed_at + window <= ibis.literal(observed_until, "timestamp")),
        own=from_ten_thousandths(joined.cents.fill_null(0).cast("int64")),
    )
    return fetched(rows, "money of experiments").astype({"counts": bool, "own": "float64"})


def missing_names(rows: ir.Table) -> int:
    """How many exposures have no experiment or no arm."""
    lacks = _lacks_name(rows)
    return int(fetched(rows.aggregate(rows=lacks.sum().fill_null(0)), "experiments")["rows"].iloc[0])


def _lacks_name(rows: ir.Table) -> ir.BooleanValue:
    return rows.experiment.isnull() | rows.arm.isnull()  # noqa: PD003 - an expression, no frame
