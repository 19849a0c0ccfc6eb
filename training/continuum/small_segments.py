"""Small segments that are worth keeping: those of few customers who hold much of the money."""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.fitting.head_tail import heads

LEAST_MONEY = 0.05  # share of the total
FEWEST_CUSTOMERS = 20


def hold_money(labels: Indices, segments: int, amounts: Floats | None, min_share: float) -> bool:
    """Whether every segment with a smaller share of the customers than `min_share` is worth keeping.

    labels : (n,) positions, -1 where unassigned. amounts : (n,) of money, none negative; None where there are none.
    """
    if amounts is None or amounts.sum() <= 0:
        return False
    sizes = np.bincount(labels[labels >= 0], minlength=segments)
    money = np.bincount(labels[labels >= 0], weights=amounts[labels >= 0], minlength=segments)
    small = sizes < min_share * len(labels)
    return bool(np.all((sizes[small] >= FEWEST_CUSTOMERS) & (money[small] >= LEAST_MONEY * amounts.sum())))


def small_head(amounts: Floats, min_share: float) -> int | None:
    """The place among the heads of (n,) amounts of the last that is under `min_share` and worth keeping."""
    places = [
        place
        for place, head in enumerate(heads(amounts))
        if FEWEST_CUSTOMERS <= head.sum() < min_share * len(amounts)
        and amounts[head].sum() >= LEAST_MONEY * amounts.sum()
    ]
    return places[-1] if places else None
