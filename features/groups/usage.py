"""How a customer uses the product: events in windows that end with the last day before the as-of moment."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.as_of import AnyAsOf
from features.expressions.portable import clock_seconds
from features.groups.windows import in_window, window_words
from features.settings import UsageSettings
from features.tables.exact_sums import from_ten_thousandths, ten_thousandths
from segment_model.contract import Column, Kind, Role

GROUP = "usage"
WINDOW = 90  # days; the window of every column that names none


def usage(events: ir.Table, as_of: AnyAsOf, settings: UsageSettings) -> ir.Table:
    """One row a customer: activity, trend and, where events carry a limit, how near it is.

    `features_used` of `columns` is computed by `top_feature`, which counts the same rows.
    """
    has_limit = "allowed" in events.columns
    units = {"units": events.quantity.fill_null(1.0) if "quantity" in events.columns else 1.0} if has_limit else {}
    events = events.mutate(ago=as_of.last_day - events.day, **units)
    last_30, before_30, lately = events.ago < 30, (events.ago >= 30) & (events.ago < 60), events.ago < WINDOW
    limits = {}
    if has_limit:
        limits = {
            "units": ten_thousandths(events.units).sum(where=last_30),
            "limit_now": events.allowed.max(where=last_30),
            "limit_before": events.allowed.max(),
        }
    sums = events.group_by("customer_id").aggregate(
        events=events.count(where=in_window(events, as_of, settings.window_days)),
        last_day=events.day.max(),
        lately=events.count(where=lately),
        last_30=events.count(where=last_30),
        before_30=events.count(where=before_30),
        **limits,
    )
    sums = sums.left_join(_active_days(_recent(events, as_of)), "customer_id").drop("customer_id_right")
    counts = ["events", "active_days_7", "active_days_30", "active_days_90"]
    values = {name: sums[name].fill_null(0).cast("float64") for name in counts}
    values["days_since_last_event"] = (as_of.day - sums.last_day).cast("float64")
    per_day = sums.lately.cast("float64") / sums.active_days_90.cast("float64").nullif(0.0)
    values["events_per_active_day"] = per_day.fill_null(0.0)
    recent, before = sums.last_30.cast("float64"), sums.before_30.cast("float64")
    values["usage_trend"] = ((recent - before) / (recent + before).nullif(0.0)).fill_null(0.0)
    if limits:
        limit = ibis.coalesce(sums.limit_now, sums.limit_before)
        units = from_ten_thousandths(sums.units).fill_null(0.0)
        values["limit_use"] = units / ibis.ifelse(limit > 0, limit, None)
    return sums.select("customer_id", **values)


def _recent(events: ir.Table, as_of: AnyAsOf, days: int = WINDOW) -> ir.Table:
    """The events of the last days."""
    return events.filter(events.occurred_at >= as_of.first_midnight(days))


def _active_days(recent: ir.Table) -> ir.Table:
    """Days with an event in windows of the recent events; few rows are left to count once each day stands once.

    A count of different days in each window, over all events, takes five times as long.
    """
    days = recent.select("customer_id", "ago").distinct()
    windows = {f"active_days_{length}": days.count(where=days.ago < length) for length in (7, 30, WINDOW)}
    return days.group_by("customer_id").aggregate(**windows)


def sessions(events: ir.Table, as_of: AnyAsOf, settings: UsageSettings) -> ir.Table:
    """Sessions in the last 30 days: an event after a longer silence than the gap starts a new one."""
    recent = _recent(events, as_of, 30)
    recent = recent.select("customer_id", second=clock_seconds(recent.occurred_at))
    in_order = ibis.window(group_by="customer_id", order_by="second")
    # a column of its own: else the SQL repeats the expression at each use
    parted = recent.mutate(silence=recent.second - recent.second.lag().over(in_order))
    starts = parted.mutate(starts=parted.silence.isnull() | (parted.silence > settings.session_gap_minutes * 60))
    return starts.group_by("customer_id").aggregate(sessions_30=starts.count(where=starts.starts).cast("float64"))


def top_feature(events: ir.Table, as_of: AnyAsOf) -> ir.Table:
    """How many features the events of the last 90 days name, and the share of the most used one in those that do."""
    recent = _recent(events, as_of)
    counts = recent.group_by("customer_id", used=_feature(recent)).aggregate(times=recent.count())
    # not a filter: an engine would move it to the front, and clean the text of all rows for it
    is_named = counts.used.notnull()
    sums = counts.group_by("customer_id").aggregate(
        most=counts.times.max(where=is_named), all=counts.times.sum(where=is_named), features=counts.used.count()
    )
    return sums.select(
        "customer_id",
        top_feature_share=sums.most.cast("float64") / sums["all"].cast("float64"),
        features_used=sums.features.cast("float64"),
    )


def main_device(events: ir.Table, as_of: AnyAsOf) -> ir.Table:
    """The most used device of the last 90 days; among equal ones the one used last."""
    used = _recent(events, as_of).filter(lambda t: t.device.notnull())
    counts = used.group_by("customer_id", "device").aggregate(times=used.count(), last=used.occurred_at.max())
    order = [counts.times.desc(), counts["last"].desc(), counts.device]
    ranked = counts.mutate(rank=ibis.row_number().over(group_by="customer_id", order_by=order))
    return ranked.filter(ranked["rank"] == 0).select("customer_id", main_device="device")


def columns(events: ir.Table, settings: UsageSettings) -> tuple[Column, ...]:
    """What `usage` computes, and `features_used`.

    Bases do not overlap: the days in other windows and the totals only describe.
    """
    base, tell = Role.BASIS, Role.DESCRIPTOR
    listed = [
        _count(
            "events", tell, "events", f"number of events{window_words(settings.window_days)}",
            "few events", "many events",
        ),
        _count(
            "active_days_7", tell, "days", "days with an event in the last 7",
            "not active this week", "active this week", "active days of the last 7",
        ),
        _count(
            "active_days_30", base, "days", "days with an event in the last 30", "seldom active", "often active",
            "active days of the last 30",
        ),
        _count(
            "active_days_90", tell, "days", "days with an event in the last 90",
            "active on few days", "active on many days", "active days of the last 90",
        ),
        Column(
            "days_since_last_event", Kind.COUNT, tell, "days", GROUP, "as-of day - day of the last event",
            True, low="active recently", high="gone quiet", label="time since the last event",
        ),
        Column(
            "events_per_active_day", Kind.NUMBER, base, "events", GROUP,
            "events of the last 90 days / days with an event in them; 0 without any",
            low="few events per active day", high="many events per active day",
        ),
        Column(
            "usage_trend", Kind.NUMBER, base, "", GROUP,
            "(events of the last 30 days - of the 30 before) / (both together); 0 without any",
            low="usage falling", high="usage growing", label="usage trend (-1 to 1)",
        ),
    ]  # fmt: skip
    if _feature(events) is not None:
        text = "different features used in the last 90 days"
        listed.append(_count("features_used", base, "features", text, "few features", "many features"))
    if "allowed" in events.columns:
        listed.append(
            Column(
                "limit_use", Kind.NUMBER, base, "of the limit", GROUP,
                "units used in the last 30 days / units allowed (the largest limit of those days, else of any before)",
                True, low="far from the limit", high="near the limit",
            )
        )  # fmt: skip
    return tuple(listed)


def session_columns() -> tuple[Column, ...]:
    """What `sessions` computes."""
    text = "sessions in the last 30 days, parted by a silence longer than `session_gap_minutes`"
    label = "sessions of the last 30 days"
    return (_count("sessions_30", Role.DESCRIPTOR, "sessions", text, "few sessions", "many sessions", label),)


def top_feature_columns() -> tuple[Column, ...]:
    """What `top_feature` computes beside `features_used`, which keeps its place among those of `columns`."""
    return (
        Column(
            "top_feature_share", Kind.SHARE, Role.DESCRIPTOR, "of events", GROUP,
            "events of the most used feature / events that name a feature, in the last 90 days",
            True, low="varied use", high="single-feature use", label="share of the top feature",
        ),
    )  # fmt: skip


def main_device_columns() -> tuple[Column, ...]:
    """What `main_device` computes."""
    text = "the most used device of the last 90 days; of equals the one used last"
    return (Column("main_device", Kind.CATEGORY, Role.DESCRIPTOR, "", GROUP, text, True),)


def has_features(events: ir.Table) -> bool:
    """Whether the events name the feature that was used."""
    return _feature(events) is not None


def _feature(events: ir.Table) -> ir.StringValue | None:
    return next((events[name] for name in ("feature", "name") if name in events.columns), None)


def _count(name: str, role: Role, unit: str, description: str, low: str, high: str, label: str = "") -> Column:
    return Column(name, Kind.COUNT, role, unit, GROUP, description, low=low, high=high, label=label)
