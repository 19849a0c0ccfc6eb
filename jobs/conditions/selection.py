"""The customers who meet a condition, with their segments and money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analytics.history import NOT_ASSIGNABLE, UNASSIGNED
from analytics.intervals.shares import wilson
from features.joining.id_type import typed_ids
from jobs.conditions.asked import asked_condition
from jobs.customer_vectors import learned_by, vectors_of
from jobs.membership.month_members import assigned
from jobs.registry_location import location_of
from registry.versions.versions import fetch
from training.money_columns import adds_up
from training.settings import Settings

NAMES = {UNASSIGNED: "unassigned", NOT_ASSIGNABLE: "not assignable"}


@dataclass(frozen=True)
class Selection:
    """Who meets a condition.

    text : the condition, with the numbers that a ready-made one took from the vectors. customers : a row a customer who
    meets it, indexed by ids of the type that the raw tables have them in: segment_id and segment_name (null where
    unassigned), and the columns of money and of the condition. by_segment : a row a segment with `customers`, `n`,
    `share`, `low`, `high` (a 95 % interval of Wilson) and a sum of each column of money. of : all customers. moment :
    in words, such as " as of 2026-07-01". money : the titles of the columns of money, by name.
    """

    text: str
    customers: pd.DataFrame
    by_segment: pd.DataFrame
    of: int
    moment: str
    version: str
    money: Mapping[str, str]


def select(settings: Settings, base: Path, which: str, condition: str) -> Selection:
    """Who meets a condition at the settings' as-of moment, in the segments of the model that an alias or version names.

    condition : its text, or the name of one of the settings or of a ready-made one.

    Raises
    ------
    SegmentsError
        If the model or a table cannot be read, or the condition cannot be evaluated on the vectors.
    """
    fetched = fetch(location_of(settings, base), which)
    vectors = vectors_of(settings, base, learned_by(fetched.model))
    asked = asked_condition(settings, vectors.contract, vectors.frame, condition)
    (name,) = asked
    met = asked[name].meets(vectors.frame)
    segments = assigned(fetched.model, vectors.frame)
    money = {column.name: f"{column.title} ({column.unit})" for column in vectors.contract.columns if adds_up(column)}
    names = dict(zip(fetched.model.ids, fetched.model.names, strict=True))
    shown = [*dict.fromkeys((*money, *asked[name].columns))]
    ids = segments.where(~segments.isin([*NAMES]))
    customers = pd.DataFrame({"segment_id": ids, "segment_name": ids.map(names)}).join(vectors.frame[shown])[met]
    customers.index = typed_ids(customers.index, vectors.id_type)
    by_segment = _by_segment(vectors.frame[[*money]], segments, met, {**names, **NAMES})
    return Selection(asked[name].text, customers, by_segment, len(met), vectors.moment, fetched.version, money)


def _by_segment(
    money: pd.DataFrame, segments: pd.Series[str], met: pd.Series[bool], names: Mapping[str, str]
) -> pd.DataFrame:
    """The model's segments in its order, then those in none, without those whom nobody is in."""
    groups = [group for group in names if (segments == group).any()]
    rows = [
        {
            "segment": names[group],
            "customers": int((met & (segments == group)).sum()),
            "n": int((segments == group).sum()),
            **{column: float(money.loc[met & (segments == group), column].sum()) for column in money.columns},
        }
        for group in groups
    ]
    table = pd.DataFrame(rows, columns=["segment", "customers", "n", *money.columns])
    low, high = wilson(table["customers"], table["n"])
    share = table["customers"] / table["n"]
    counts = table.columns[:3]
    return table.assign(share=share, low=low, high=high)[[*counts, "share", "low", "high", *money.columns]]
