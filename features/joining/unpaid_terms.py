"""Terms that run on after the last invoice: orders that are what terms cost show which of them may be over."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from features.notices import Notice
from segment_model.errors import percent

NEEDED = ("mrr", "average_order_value", "recency_days")  # columns of vectors
PERIODS = (1, 3, 6, 12)  # months that an invoice is for
ALIKE = 0.02  # relative difference of an invoice and the money of its months
MONTH = 31  # days
GRACE = 31  # days that an invoice may be late
LEAST_INVOICED, LEAST_LATE = 0.5, 0.1  # shares of customers
FEWEST = 5  # customers


def notices_of_unpaid_terms(frame: pd.DataFrame) -> Iterator[Notice]:
    """A warning that many terms run for which nothing has been paid for long.

    frame : vectors. Orders are invoices where the mean order of most customers whose terms run is the money of 1, 3, 6
    or 12 months; each is for so many.
    """
    if not set(NEEDED) <= set(frame.columns):
        return
    mrr, order, silent = (frame[name].to_numpy(dtype=float) for name in NEEDED)
    pays = (mrr > 0) & (order > 0)
    # not divided: a minute MRR would overflow
    of_period = [np.abs(order[pays] - period * mrr[pays]) <= ALIKE * period * mrr[pays] for period in PERIODS]
    is_invoiced = np.any(of_period, axis=0)
    invoiced = int(is_invoiced.sum())
    if invoiced < FEWEST or invoiced < LEAST_INVOICED * pays.sum():
        return
    period = np.select(of_period, PERIODS, default=0)[is_invoiced]
    late = float(np.mean(silent[pays][is_invoiced] > period * MONTH + GRACE))
    if late >= LEAST_LATE:
        yield Notice(
            "subscriptions",
            f"terms run on for {percent(late, 0)} of the customers whose orders are invoices of them, though the next "
            f"invoice is more than {GRACE} days late: where these terms are over, their end is missing, and MRR counts "
            "what nobody pays",
            warning=True,
        )
