"""Only sums by group leave the engine: no result of a record is as long as the customers are many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analytics import fetched
from analytics.options import RecordOptions
from experiments.benchmarks.analytics.large_company import MONTH_ENDS, SEGMENTS, write_large_company
from experiments.benchmarks.analytics.sides import record_of

ORDERS, CUSTOMERS = 20_000, 2_000


def test_no_result_is_as_long_as_the_customers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most rows are groups by months: 9 of 12 months, or cohorts by months."""
    compute, rows = fetched.fetch, {}

    def counting(expression: Any, what: str) -> Any:
        answer = compute(expression, what)
        rows[what] = max(answer.num_rows, rows.get(what, 0))
        return answer

    monkeypatch.setattr(fetched, "fetch", counting)
    write_large_company(tmp_path / "company.duckdb", ORDERS)
    record = record_of(tmp_path / "company.duckdb", MONTH_ENDS, SEGMENTS, RecordOptions("EUR"))
    assert record.figures.set_index(["figure", "grouping", "period"]).loc[("mrr", "everyone", ""), "n"].item() > 1_000
    assert len(rows) > 10
    assert max(rows.values()) < CUSTOMERS / 3, rows
