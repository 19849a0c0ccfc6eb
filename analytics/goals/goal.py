"""What a goal is: something that customers do, or that happens to them, within so many days of a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from segment_model.errors import counted


class Outcome(StrEnum):
    """What happens; EVENT is a row of a table that meets the goal's condition."""

    EVENT = "event"
    CHURNED = "churned"
    UPGRADED = "upgraded"
    TRIAL_BOUGHT = "trial_bought"


# our columns of subscriptions that a ready-made outcome needs; all need the table
NEEDED_COLUMNS: Mapping[Outcome, tuple[str, ...]] = {
    Outcome.CHURNED: ("mrr", "ended_at"),
    Outcome.UPGRADED: ("mrr",),
    Outcome.TRIAL_BOUGHT: ("mrr", "trial"),
}
# how a customer is eligible, and how it reaches the outcome; {days} stands for "90 days"
WORDS: Mapping[Outcome, tuple[str, str]] = {
    Outcome.CHURNED: ("customers with MRR at the start", "have none {days} later"),
    Outcome.UPGRADED: ("customers with MRR at the start", "have more of it {days} later"),
    Outcome.TRIAL_BOUGHT: ("customers whose trial runs at the start", "have a paid term that starts within {days}"),
}


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal.

    table : "orders", "events" or "subscriptions". meets : the column of the table's rows that says which meet the
    goal's condition; empty for every row. condition : its text. within_days : the length of the window, in days of the
    calendar. better : "high" or "low". target : the share of customers that is aimed at. by : the day until which.
    label : what it is called on pages. effect : the smallest difference between the arms of an experiment that matters.
    """

    name: str
    table: str
    outcome: Outcome = Outcome.EVENT
    within_days: int = 90
    meets: str = ""
    condition: str = ""
    better: str = "high"
    target: float | None = None
    by: date | None = None
    label: str = ""
    effect: float | None = None

    @property
    def title(self) -> str:
        """The label, or the name as a person writes it."""
        return self.label or self.name.replace("_", " ")

    @property
    def words(self) -> str:
        """The definition of the goal's rate, as a sentence."""
        days = counted(self.within_days, "day")
        if self.outcome is not Outcome.EVENT:
            eligible, reached = WORDS[self.outcome]
            return f"Of the {eligible}, those who {reached.format(days=days)}."
        rows = {"orders": "an order", "events": "an event", "subscriptions": "a term that starts"}[self.table]
        which = f" where {self.condition}" if self.condition else ""
        return f"Of all customers at the start, those with {rows}{which} within {days}."

    def never_reached(self, starts: str) -> str:
        """That nobody reaches the goal from these starts, in words, and what may be wrong with its condition."""
        doubt = f"; see whether {self.table} write the values of its condition so: {self.condition}"
        return f"{self.title}: nobody reaches it {starts}{doubt if self.condition else ''}"
