"""How often named events happened: a count column for each event that `features.usage.counts` lists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import ibis.expr.types as ir

from features.as_of import AnyAsOf
from features.groups.usage import GROUP
from features.groups.windows import in_window, window_words
from features.notices import Notice
from features.settings import UsageSettings
from features.tables.canonical import Tally
from features.tables.raw_tables import EVENTS
from segment_model.contract import Column, Kind, Role
from segment_model.errors import SettingsError, nearest_word

MOST_NAMES = 100  # of events, among which the nearest one is looked for


def column_names(events: Sequence[str]) -> dict[str, str]:
    """The name of each event's column, such as `purchase_count`.

    Raises
    ------
    SettingsError
        If two events would have one column, or an event has no letter or digit.
    """
    names: dict[str, str] = {}
    for event in events:
        word = re.sub(r"\W+", "_", event.strip().lower()).strip("_")
        if not word or f"{word}_count" in names.values():
            raise SettingsError(f"features.usage.counts: {event!r} gives no column name of its own; leave it out")
        names[event] = f"{word}_count"
    return names


def event_counts(events: ir.Table, as_of: AnyAsOf, settings: UsageSettings) -> ir.Table:
    """One row a customer: the number of each event before the as-of moment, within `window_days` where that is set.

    Raises
    ------
    SettingsError
        If the events have no column `name`.
    """
    if "name" not in events.columns:
        raise SettingsError("features.usage.counts needs the column `name` of events; write columns: {name: your_name}")
    counting = in_window(events, as_of, settings.window_days)
    sums = {
        column: (events.name == event.strip()).sum(where=counting)
        for event, column in column_names(settings.counts).items()
    }
    counts = events.group_by("customer_id").aggregate(**sums)
    return counts.select("customer_id", **{column: counts[column].fill_null(0).cast("float64") for column in sums})


def event_count_columns(settings: UsageSettings) -> tuple[Column, ...]:
    """What `event_counts` computes."""
    return tuple(
        Column(
            column, Kind.COUNT, Role.DESCRIPTOR, "events", GROUP,
            f"number of events called {event!r}{window_words(settings.window_days)}",
            low=f"few {event}", high=f"many {event}", label=f"number of {event}",
        )
        for event, column in column_names(settings.counts).items()
    )  # fmt: skip


def absent_events(events: ir.Table, counted: Sequence[str]) -> Tally:
    """A tally without counts that warns of each event which never happened, with the nearest name of one that did."""
    by_name = events.group_by("name").aggregate(times=events.count())
    most = by_name.filter(by_name.name.notnull()).order_by(by_name.times.desc(), by_name.name).limit(MOST_NAMES)
    happened = {f"times_{number}": (events.name == event.strip()).sum() for number, event in enumerate(counted)}
    sums = events.aggregate(**happened).cross_join(most.aggregate(names=most.name.group_concat("\n")))

    def notices(totals: Mapping[str, Any]) -> tuple[Notice, ...]:
        names = sorted((totals["names"] or "").split("\n"))
        return tuple(
            Notice(EVENTS.name, f"no event is called {event!r}.{nearest_word(event, names)}".rstrip("."), True)
            for number, event in enumerate(counted)
            if not totals[f"times_{number}"]
        )

    return Tally(sums, lambda _, counts: dict(counts), "events: counting names", notices, only_notices=True)
