"""Months as bits, over more than one number."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd

from analytics.fetched import fetched
from analytics.retention.month_bits import aggregated_words, month_words, was_active, was_active_at

ACTIVE = {1: (0, 1, 59, 60, 61, 119), 2: (2,), 3: (58, 62)}


def test_120_positions_fit_into_two_numbers(engine: Any) -> None:
    rows = [(customer, position) for customer, positions in ACTIVE.items() for position in positions]
    table = engine.place(pd.DataFrame(rows, columns=["customer_id", "position"]))
    words = table.group_by("customer_id").aggregate(**aggregated_words(table.position, 119))
    assert month_words(119) == ("months_0", "months_1")
    assert month_words(59) == ("months_0",)
    positions = ibis.range(0, 120).unnest().name("position").as_table()
    by_row = words.cross_join(positions)
    by_row = fetched(by_row.mutate(active=was_active_at(by_row, by_row.position, 119)), "bits")
    for customer, expected in ACTIVE.items():
        own = by_row[(by_row.customer_id == customer) & by_row.active]
        assert sorted(own.position) == list(expected)
    flags = fetched(words.select("customer_id", **{str(p): was_active(words, p) for p in range(120)}), "bits")
    for _, row in flags.iterrows():
        assert tuple(p for p in range(120) if row[str(p)]) == ACTIVE[row.customer_id]
