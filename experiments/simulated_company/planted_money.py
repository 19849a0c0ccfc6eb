"""What the money of each planted segment does in a month: the known truth behind the money history.

The probabilities are of a calendar month and of a customer who pays at its start; at most one change happens to a
customer in a month. So the expected churn rate of a month is `churn`, and the expected NRR is `nrr`, whatever the
customers pay.
"""

from __future__ import annotations

from dataclasses import dataclass

GROWTH = 0.3  # an expansion adds this share of what the customer pays
LOSS = 0.2  # a contraction takes this share away
TRIAL_DAYS = 14
TRIAL_SHARE = 0.6  # of new customers, who try before they pay


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedMoney:
    """The money of one planted segment.

    churn, expansion, contraction : monthly probabilities of a paying customer; the rest stay as they are. returning :
    of a customer who left, to pay again, from the month after on. converting : of a trial, to be followed by a paid
    term. monthly : median MRR of the first term, in USD. orders : mean number of extra orders in a month. basket :
    median USD of an order. margin : mean share of an order's money that is not cost.
    """

    segment: str
    churn: float
    expansion: float
    contraction: float
    returning: float
    converting: float
    monthly: float
    orders: float
    basket: float
    margin: float

    @property
    def grr(self) -> float:
        """Expected gross revenue retention of a month."""
        return 1.0 - self.churn - self.contraction * LOSS

    @property
    def nrr(self) -> float:
        """Expected net revenue retention of a month, without those who return."""
        return self.grr + self.expansion * GROWTH


_COLUMNS = (
    "segment", "churn", "expansion", "contraction", "returning", "converting", "monthly", "orders", "basket", "margin",
)  # fmt: skip
_ROWS = (
    ("steady small teams", 0.02, 0.02, 0.02, 0.03, 0.55, 180, 0.4, 60, 0.7),
    ("newcomers finding their way", 0.08, 0.06, 0.01, 0.06, 0.4, 80, 0.8, 35, 0.6),
    ("scale-ups near their seat limit", 0.01, 0.15, 0.01, 0.0, 0.7, 1400, 1.5, 240, 0.65),
    ("dormant accounts at risk", 0.06, 0.0, 0.08, 0.02, 0.3, 240, 0.1, 40, 0.5),
    ("automation through the API", 0.015, 0.05, 0.03, 0.05, 0.6, 420, 2.5, 90, 0.8),
    ("month-end closers", 0.01, 0.01, 0.01, 0.0, 0.6, 310, 1.0, 120, 0.55),
    ("enterprise power users", 0.004, 0.03, 0.02, 0.0, 0.8, 6500, 3.0, 900, 0.6),
    ("former customers", 0.25, 0.0, 0.05, 0.02, 0.2, 110, 0.1, 30, 0.4),
)
PLANTED_MONEY = tuple(PlantedMoney(**dict(zip(_COLUMNS, row, strict=True))) for row in _ROWS)  # type: ignore[arg-type]
