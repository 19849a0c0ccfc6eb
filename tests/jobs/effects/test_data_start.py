"""Exposures before the first row of a table: who they are, and what is said of them."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from jobs.effects.data_start import DataStart

EXPOSED = pd.DataFrame(
    {
        "experiment": ["may", "may", "june", "may"],
        "exposed_at": pd.to_datetime(["2026-01-04 23:59", "2026-01-05 00:00", "2025-01-01 00:00", "2024-01-01 00:00"]),
    }
)


def test_those_exposed_before_the_first_row_are_counted_by_experiment() -> None:
    start = DataStart.of("orders", datetime(2026, 1, 5), EXPOSED)
    assert start.before == {"may": 2, "june": 1}
    words = "not counted by what orders tell, since orders begin on 2026-01-05, after the exposure"
    assert start.notes == [f"june: 1 exposed customer {words}", f"may: 2 exposed customers {words}"]


def test_a_table_without_rows_tells_of_nobody_apart() -> None:
    start = DataStart.of("orders", None, EXPOSED)
    assert start.before == {}
    assert start.notes == []
