"""Adoption of features: the share of a segment's members who have used each at least once, counted in the engine."""

from __future__ import annotations

from datetime import datetime, time

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from ibis import _

from analytics.distributions.level_shares import share_rows
from analytics.fetched import fetched
from analytics.groups import SEGMENT, Groupings
from analytics.history import EVERYONE, History
from analytics.record import SHARES
from segment_model.errors import counted

ADOPTION = "adoption"  # stands for the name of a column in `SHARES`
MOST_FEATURES = 20
WHAT = "adoption of features"


def adoption(history: History, floor: int) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rows of `SHARES` with the column ADOPTION and a feature as the level, and notes on what is left out.

    Of the members at the last month end: those with an event of the feature in the months of the record. The twenty
    features of the most customers are shown. Without events, or without names of what was used, no rows.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    nothing = pd.DataFrame(columns=list(SHARES))
    named = None if history.events is None else feature_column(history.events.rows)
    if history.events is None or named is None:
        return nothing, ()
    ends = history.month_ends
    rows, last = history.events.rows, len(ends.dates) - 1
    first, end = (ibis.literal(datetime.combine(day, time.min), "timestamp") for day in (ends.dates[0], ends.dates[-1]))
    used = rows.filter((rows.occurred_at >= first) & (rows.occurred_at < end)).drop_null(named)
    pairs = used.group_by(own_id="customer_id", feature=used[named]).aggregate(events=_.count())
    members = Groupings({}).of_members(history.events.members)
    members = history.keep(members.filter(members.position == last))
    joined = members.join(pairs, members.customer_id == pairs.own_id)
    counts = fetched(joined.group_by("feature", group=SEGMENT).aggregate(customers=_.count()), WHAT)
    sizes = fetched(members.group_by(group=SEGMENT).aggregate(customers=_.count()), WHAT).set_index("group").customers
    groups = (*history.segments, *sorted(set(sizes.index) - {*history.segments}))
    n = sizes.reindex(list(groups), fill_value=0).to_numpy(dtype=np.int64)
    table = counts.pivot_table(index="feature", columns="group", values="customers", aggfunc="sum", fill_value=0)
    table = table.reindex(columns=list(groups), fill_value=0)
    everyone = table.sum(axis=1)
    features = sorted(table.index, key=lambda feature: (-everyone[feature], feature))
    shown, left_out = features[:MOST_FEATURES], features[MOST_FEATURES:]
    if not shown:
        return nothing, ()
    customers = np.column_stack([everyone[shown], table.loc[shown]]).astype(np.int64)
    whole = np.append(n.sum(), n)
    notes = (
        (
            f"Adoption shows the {MOST_FEATURES} features of the most customers and leaves out "
            f"{counted(len(left_out), 'feature')} of fewer",
        )
        if left_out
        else ()
    )
    return share_rows(ADOPTION, (EVERYONE, *groups), shown, whole, whole, customers, floor), notes


def feature_column(rows: ir.Table) -> str | None:
    """The column that names what was used: `feature`, without it `name`."""
    return next((name for name in ("feature", "name") if name in rows.columns), None)
