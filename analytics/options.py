"""What an analyst chooses where definitions in the field differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from analytics.goals.goal import Goal

Z_95 = 1.959963984540054  # the 97.5 % quantile of the normal distribution: 95 % intervals


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """The choices behind a record.

    currency : the unit of money. floor : a group of fewer customers shows no rate. margin : the share of money that is
    left after costs, for lifetime values; None: 1, with a note. reactivation_in_nrr : whether money that came back
    counts as retained. churn_denominator : "start_and_new" divides by the customers of the start and those won
    meanwhile. horizon_months : how far an expected lifetime value looks ahead. cohorts : the length of a period of
    acquisition. short_history : the positions of month ends where the tables reach less far back than in training.
    intervals : whether intervals and marks are computed, which takes a further pass over the customers. goals : those
    of the business. trained : the moment until which the model was fitted, on the wall clock; None where not known.
    """

    currency: str = ""
    floor: int = 10
    margin: float | None = None
    reactivation_in_nrr: bool = False
    churn_denominator: Literal["start", "start_and_new"] = "start"
    horizon_months: int = 36
    cohorts: Literal["month", "quarter"] = "month"
    short_history: frozenset[int] = frozenset()
    intervals: bool = True
    goals: tuple[Goal, ...] = ()
    trained: datetime | None = None
