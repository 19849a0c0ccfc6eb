"""The everyday tables are there in full, without what would give the answer away, and money agrees with its source."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.everyday_tables import EVERYDAY_TABLES, companies, extracts
from experiments.everyday_tables.companies import Company, pareto_nbd_shoppers
from training.settings import DiscoverySettings

SHAPES = {
    "online_retail": (4339, ["recency_days", "frequency", "monetary_value"]),
    "complete_journey": (2469, ["recency_days", "frequency", "monetary_value", "events"]),
    "simulated_company": (3000, None),
    "customer_personality": (2240, None),
    "wholesale": (440, None),
    "airline": (3999, None),
    "cc_general": (8950, None),
    "telco": (7043, None),
    "cdnow": (23_570, ["recency_days", "frequency", "monetary_value"]),
    "pareto_nbd_shoppers": (400_000, ["recency_days", "frequency", "monetary_value"]),
}
OUTCOMES = {"airline": "Award", "telco": "Churn"}


@pytest.mark.parametrize("name", EVERYDAY_TABLES)
def test_each_table_is_read_whole_and_tells_discovery_nothing(name: str, needed: Callable[..., Any]) -> None:
    table = needed(EVERYDAY_TABLES[name](), f"{name} is absent: set SEGMENTS_DATA to the folder of test data")
    customers, basis = SHAPES[name]
    assert table.name == name
    assert len(table.frame) == customers
    assert [column.name for column in table.contract.columns] == list(table.frame)
    assert table.settings == DiscoverySettings()
    shaping = [column.name for column in table.contract.basis]
    assert basis is None or shaping == basis
    assert OUTCOMES.get(name) not in shaping
    assert not any(column.sensitive for column in table.contract.basis)


def test_a_table_whose_data_is_absent_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (companies, extracts):
        monkeypatch.setattr(module, "EXTERNAL", tmp_path)
    assert [EVERYDAY_TABLES[name]() for name in ("wholesale", "online_retail", "cdnow")] == [None, None, None]


@pytest.mark.parametrize(
    ("company", "revenue"), [(companies.online_retail, 8_911_407.90), (companies.cdnow, 2_500_315.63)]
)
def test_money_of_the_vectors_is_that_of_the_payments(
    company: Callable[[], Company | None], revenue: float, needed: Callable[..., Any]
) -> None:
    """Before a day and from it on, the payments add up to the published revenue."""
    shop = needed(company(), "the data is absent: set SEGMENTS_DATA to the folder of test data")
    day = shop.as_of - timedelta(days=90)
    before = shop.vectors_on(day).frame["monetary_value"]
    everyone = pd.Index(shop.payments["customer_id"].unique())
    after = shop.paid_after(day, 90, everyone).sum()
    assert before.sum() + after == pytest.approx(revenue, abs=0.01)
    assert 0 < shop.paid_after(day, 90, before.index).sum() < after + 0.01


def test_paid_after_counts_the_days_from_the_first_to_the_last() -> None:
    texts = ["2026-01-01 12:00", "2026-01-10 00:00", "2026-01-19 23:59", "2026-01-20 00:00"]
    moments = pd.to_datetime(texts)
    payments = pd.DataFrame({"customer_id": ["a", "a", "b", "b"], "paid_at": moments, "amount": [1.0, 2.0, 4.0, 8.0]})
    shop = Company("shop", {}, {}, payments, date(2026, 2, 1))
    paid = shop.paid_after(date(2026, 1, 10), 10, pd.Index(["c", "b", "a"]))
    assert paid.to_dict() == {"c": 0.0, "b": 4.0, "a": 2.0}


def test_shoppers_are_the_same_in_every_run() -> None:
    first, second = (pareto_nbd_shoppers(2000) for _ in range(2))
    pd.testing.assert_frame_equal(first.payments, second.payments)
    frame = first.vectors_on(first.as_of).frame
    assert len(frame) == 2000
    assert np.isfinite(frame["recency_days"]).all()
