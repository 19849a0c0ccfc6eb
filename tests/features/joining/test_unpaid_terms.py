"""Terms that run on though their invoices have stopped; what is bought beside a subscription says nothing of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.joining.unpaid_terms import notices_of_unpaid_terms


def vectors(order: float, silent: float, late_ones: int, late: float = 200.0) -> pd.DataFrame:
    """Forty customers of 20 a month. silent : days since the last order, `late` for the first few."""
    days = np.full(40, silent)
    days[:late_ones] = late
    return pd.DataFrame({"mrr": 20.0, "average_order_value": order, "recency_days": days})


def test_invoices_that_stopped_are_told() -> None:
    """As in a public table of subscriptions with a length instead of an end: 96 % paid nothing for long."""
    lines = [notice.line for notice in notices_of_unpaid_terms(vectors(20.0, 10.0, 30))]
    assert lines == [
        "warning: subscriptions: terms run on for 75 % of the customers whose orders are invoices of them, though the "
        "next invoice is more than 31 days late: where these terms are over, their end is missing, and MRR counts what "
        "nobody pays"
    ]


@pytest.mark.parametrize(
    "frame",
    [
        vectors(20.0, 62.0, 0),  # a month, and another of grace
        vectors(240.0, 300.0, 0),  # a year at once
        vectors(60.0, 120.0, 0),
        vectors(20.0, 10.0, 3),
        vectors(35.0, 10.0, 30),  # other purchases
        vectors(20.0, 10.0, 30).assign(mrr=0.0),  # nothing runs
        vectors(20.0, np.nan, 0).assign(average_order_value=np.nan),
        vectors(1e300, 10.0, 30).assign(mrr=1e-308),
        vectors(20.0, 10.0, 30).drop(columns="mrr"),
        vectors(20.0, 10.0, 30)[:4],
        vectors(20.0, 10.0, 30)[:0],
    ],
    ids=["month", "year", "quarter", "few", "purchases", "over", "no orders", "huge", "no terms", "small", "empty"],
)
def test_nothing_is_told_of_others(frame: pd.DataFrame) -> None:
    assert not list(notices_of_unpaid_terms(frame))


def test_a_year_that_was_paid_two_years_ago_is_late() -> None:
    assert list(notices_of_unpaid_terms(vectors(240.0, 300.0, 10, late=730.0)))
