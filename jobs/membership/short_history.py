"""Month ends whose sums cannot be compared with those of the training: the tables reached less far back then.

The number of orders since the data began grows by itself, from month to month. A model that learned it from three years
puts everyone into the segment of rare buyers when it is applied to one year. So month ends of such a short history are
drawn, and kept out of sentences and marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time

from analytics.month_ends import MonthEnds
from features.groups.event_counts import column_names
from features.settings import FeatureSettings
from segment_model.contract import VectorContract
from segment_model.errors import counted

ENOUGH = 0.9  # of the history of the training: sums over less are lower by a tenth, more than borders usually tell
SUMS = {  # columns that grow with the days they are summed over, by raw table
    "orders": frozenset({"frequency", "monetary_value", "f_score", "m_score", "cdnow_frequency"}),
    "events": frozenset({"events"}),
    "subscriptions": frozenset({"upgrades", "downgrades"}),
}
WINDOWS = {  # days that a column of its own window looks back, by raw table
    "events": {
        "active_days_30": 30,
        "sessions_30": 30,
        "limit_use": 30,
        "usage_trend": 60,
        "active_days_90": 90,
        "events_per_active_day": 90,
        "features_used": 90,
        "top_feature_share": 90,
        "main_device": 90,
    },
    "subscriptions": {"mrr_change_90_days": 90},
}
WINDOW_SETTING = {"orders": "features.rfm.window_days", "events": "features.usage.window_days"}


def months_of_short_history(
    ends: MonthEnds,
    oldest: Mapping[str, datetime],
    trained: datetime,
    settings: FeatureSettings,
    contract: VectorContract,
) -> dict[int, str]:
    """The positions of month ends of short history, each with the reason as a sentence.

    oldest : the first moment of each dated table. trained : the as-of moment of the training, on the wall clock.
    contract : that of the model, whose basis columns say which tables need how much history.
    """
    short_history: dict[int, str] = {}
    for table, first in oldest.items():
        reach = _reach(table, settings, contract)
        if reach is None:
            continue
        in_training = (trained - first).days
        needed = min(in_training, reach) if reach else in_training
        for position, day in enumerate(ends.dates):
            days = max((datetime.combine(day, time.min) - first).days, 0)
            if days < ENOUGH * needed and position not in short_history:
                short_history[position] = (
                    f"at the end of {ends.month_before(position)} {table} reach back {counted(days, 'day')}, and the "
                    f"segments were made of {counted(needed, 'day')}{_advice(table, reach)}"
                )
    return short_history


def _reach(table: str, settings: FeatureSettings, contract: VectorContract) -> int | None:
    """The days of a table that the basis columns look back: 0 for all, None where it has no such column."""
    basis = {column.name for column in contract.basis}
    windows = {"orders": settings.rfm.window_days, "events": settings.usage.window_days}
    own = {name for name, feature in settings.own.items() if feature.table == table}
    counts = set(column_names(settings.usage.counts).values()) if table == "events" else set()
    days = [days for name, days in WINDOWS.get(table, {}).items() if name in basis]
    if basis & own:
        return 0
    if basis & (SUMS[table] | counts):
        window = windows.get(table)
        return 0 if window is None else max([window, *days])
    return max(days) if days else None


def _advice(table: str, reach: int) -> str:
    setting = WINDOW_SETTING.get(table)
    return f"; {setting} makes sums over a window, which can be compared" if setting and not reach else ""
