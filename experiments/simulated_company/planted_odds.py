"""What happens to a customer of the company's history, and how likely: the known truth behind odds and experiments.

Chances are of a calendar month and of a customer who pays at its start. A month starts at a month end, and a moment of
the month is drawn evenly, so that in a month of 30 days the chance is that of the next 30 days. All customers have the
same chances, except those whom a condition names: the ratio to the rest is therefore the planted factor, in the
company and in each of its segments.
"""

from __future__ import annotations

from dataclasses import dataclass

IDLE_DAYS = 30  # days since the last event, from which a customer is idle
SETTLED_DAYS = 90  # days since the first subscription
NEAR_LIMIT = 0.8  # seats used / seats allowed
ENTRY_PLAN, MID_PLAN = "starter", "team"
OUTCOME_DAYS = 28  # days after an exposure in which the outcome of an experiment is drawn
ADD_ON = "add-on"  # the product whose orders are the outcome
ADD_ON_CHANCE = 0.1  # of a customer without an experiment in that month


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedOdds:
    """One thing that happens `factor` times as often to the customers of a condition.

    condition : in the grammar of conditions, over the features of the customers as of the start of the month. chance :
    of those whom it does not name.
    """

    name: str
    condition: str
    chance: float
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedExperiment:
    """An experiment of two arms, to which the paying customers of one month are exposed on its first day.

    months_ago : whole months from the exposure to the end of the history. segment : where the effect is; empty for
    everywhere. control, treated : chances of an order of an add-on in `OUTCOME_DAYS`. asked, drawn : the share of the
    treated arm that was planned, and the one that was drawn; where they differ, the arms have a sample-ratio mismatch.
    """

    name: str
    months_ago: int
    segment: str = ""
    control: float = ADD_ON_CHANCE
    treated: float = ADD_ON_CHANCE
    asked: float = 0.5
    drawn: float = 0.5

    @property
    def effect(self) -> float:
        """The planted difference of the chances, where there is one."""
        return self.treated - self.control


CHURN = PlantedOdds(
    name="churn",
    condition=f"plan = '{ENTRY_PLAN}' and days_since_last_event >= {IDLE_DAYS}",
    chance=0.03,
    factor=4.0,
)
UPGRADE = PlantedOdds(
    name="upgrade",
    condition=f"plan = '{MID_PLAN}' and subscription_tenure_days >= {SETTLED_DAYS} and seat_use >= {NEAR_LIMIT}",
    chance=0.015,
    factor=8.0,
)
CONTRACTION = 0.01  # of everyone
RETURNING = 0.03  # of everyone who left
# the company of pure noise: one chance for all, about the mean of the other company
NOISE_CHURN, NOISE_UPGRADE, NOISE_CONVERTING = 0.04, 0.025, 0.5

ARMS = ("control", "treated")
EXPERIMENTS = (
    PlantedExperiment(
        name="guided tour", months_ago=7, segment="scale-ups near their seat limit", control=0.1, treated=0.55
    ),
    PlantedExperiment(name="yearly discount", months_ago=6, control=0.1, treated=0.25),
    PlantedExperiment(name="button colour", months_ago=5),
    PlantedExperiment(name="short checkout", months_ago=4, drawn=0.6),
)
