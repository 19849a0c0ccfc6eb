"""The finished record: tidy tables of figures, which the report, MLflow, CSV files and the command line show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import pandas as pd

from analytics.goals.goal import Goal
from analytics.month_ends import MonthEnds


class Unit(StrEnum):
    """What a figure counts in."""

    MONEY = "money"
    MONEY_A_MONTH = "money a month"
    SHARE = "share"  # 0 to 1
    RATIO = "ratio"  # can exceed 1: NRR, quick ratio
    COUNT = "count"
    ORDERS = "orders"
    DAYS = "days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure means.

    name : its key, in `figures` and in metrics, such as `churn_rate`. words : one sentence that a stranger can compute
    it by, shown beside it. better : "high" or "low" where one is better, else empty. columns : those of the vector that
    measure the same; where one shapes the segments in the same window, the figure defines them and gets no mark.
    """

    name: str
    title: str
    unit: Unit
    words: str
    better: str = ""
    columns: tuple[str, ...] = ()


class Mark(StrEnum):
    """How a group differs from all other customers, after correction for the number of groups looked at."""

    ABOVE = "above"
    BELOW = "below"
    DEFINES = "defines the segment"
    NONE = ""


class Light(StrEnum):
    """How a rate stands to the target of its goal."""

    REACHED = "reached"
    ON_THE_WAY = "on the way"
    MISSED = "missed"
    NONE = ""


@dataclass(frozen=True, slots=True)
class GoalState:
    """A goal of a record.

    period : the month at whose end its latest complete window starts, empty where none is over; start : that moment.
    known_from : without a complete window, the day on which the first is over; None where no table has a month.
    footnote : a sentence, where the model was fitted on data after the start.
    """

    goal: Goal
    period: str = ""
    start: date | None = None
    known_from: date | None = None
    footnote: str = ""


# The columns of the tables of a record. `grouping` is "everyone", "segment", or the name of an attribute or condition;
# `group` is "everyone", the id of a segment, a level, MEETS or REST. A `period` is a month ("2017-12"), months
# ("2017-01/2017-12"), or empty for the state at the last month end. `low` and `high` are the ends of a 95 % interval. A
# missing `value` has its reason in `note`: "no losses", "fewer than 10 customers", "not known yet".
FIGURES = ("figure", "grouping", "group", "period", "value", "low", "high", "n", "mark", "note")
# A row a segment (UNASSIGNED and NOT_ASSIGNABLE too) and month end. `money` is the MRR then, without subscriptions the
# revenue of the month. The changes since the month end before, missing at the first: joined (had no membership), came
# (from other segments), went (to others), gone (have no membership any more), so that customers are those before +
# joined + came - went - gone. Beside these, whoever stays a member: left (of those who were in the segment: have no MRR
# any more; without subscriptions 0), returned (of those who are: have MRR again). `short_history`: the tables reach
# less far back than they did in training, so that sums are not comparable.
SIZES = (
    "month",
    "segment",
    "customers",
    "money",
    "joined",
    "came",
    "went",
    "gone",
    "left",
    "returned",
    "short_history",
)
# Customers by where they were at a month end and at the next; `source` is a segment or JOINED, `target` a segment or
# GONE. `money_before` and `money_after` are theirs at the two.
FLOWS = ("month", "source", "target", "customers", "money_before", "money_after")
JOINED, GONE = "joined", "gone"
# `kind` is "classic" (active in the k-th period after the first) or "unbounded" (in the k-th or later). `money` is that
# of the period, missing where `kind` is "unbounded". Not finished: `customers`, `share` and `money` are missing. The
# cohort AVERAGE is the mean over cohorts whose k-th period is finished, weighted by `size`, the sum of their sizes.
AVERAGE = "average"
COHORTS = ("kind", "grouping", "group", "cohort", "size", "k", "customers", "share", "money", "finished")
# Members of a group at a month end who were active or paying in the k-th month after, whatever group they were in then:
# of everyone, of each segment, and of who meets each condition and who does not.
RETENTION = ("grouping", "group", "month", "size", "k", "customers", "share", "low", "high", "finished")
# Kaplan-Meier: the share still subscribed `time` months after the first start. `group` as in FIGURES.
SURVIVAL = ("grouping", "group", "time", "share", "low", "high", "at_risk")
# A category's or flag's levels: `answered` customers have a value, of `n` in the segment. `mark` against all others.
SHARES = ("column", "segment", "level", "n", "answered", "customers", "share", "low", "high", "mark")
# SIZES of the customers who meet a condition, where `came` are those who began to meet it and `went` who ceased to.
CONDITION_SIZES = ("condition", *SIZES[0:1], *SIZES[2:])
# Who meets a condition at the as-of moment: `customers` of the `n` in the segment; "everyone" first. `mark` against all
# other segments.
OVERLAP = ("condition", "segment", "n", "customers", "share", "low", "high", "mark")
# A few customers who meet a condition, typical of these and different from one another; `segment` may be
# UNASSIGNED.
REPRESENTATIVES = ("condition", "customer", "segment", "strength")
# Customers who reach a goal within its window from a month end (`period` is the month that ends then), of `n` who can.
# `ratio` and `difference` are to the rate of all others of the grouping. `latest`: the last month end whose window is
# over; only there a group has a mark and, where the goal has a target, a light.
ODDS = (
    *("goal", "grouping", "group", "period", "latest", "n", "reached", "rate", "low", "high"),
    *("ratio", "ratio_low", "ratio_high", "difference", "difference_low", "difference_high", "mark", "light", "note"),
)
# What to do, by goal and segment. RULE: members who meet the rule reach the goal `ratio` times as often as the other
# members of the segment, from `period` on; `low` and `high` are corrected for all rules that were looked at. AS_WELL: a
# rule of one column, whose customers do so against all others, with a ratio within or beyond the segment's interval.
# `customers` and `money` are of those who meet the `condition` today (in the segment, for a RULE).
RULE, AS_WELL = "rule", "as well"
ADVICE = (
    *("goal", "segment", "kind", "rule", "condition", "n", "reached", "rate", "rest_rate", "ratio", "low", "high"),
    *("customers", "money", "period"),
)
QUARTILES = ("column", "segment", "n", "answered", "lower", "median", "upper", "mark")


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True, slots=True)
class ConditionText:
    """A condition as it is evaluated, and what it means for people: of a ready-made one, else the same text."""

    text: str
    words: str


@dataclass(frozen=True)
class AnalystRecord:
    """A record of a company by segment. A table without rows: nothing of the kind can be computed from its data.

    currency : the unit of money. definitions : of every figure in `figures`. money_title : "MRR" or "revenue", the
    `money` of `sizes` and `flows`. floor : a group of fewer customers shows no rate. conditions : by name; each is a
    grouping with the groups MEETS and REST. undated : the attributes of which only today's values are known. notes :
    sentences on what was assumed or could not be computed.
    """

    month_ends: MonthEnds
    currency: str
    money_title: str
    definitions: tuple[Definition, ...]
    floor: int
    figures: pd.DataFrame = field(default_factory=lambda: _empty(FIGURES))
    sizes: pd.DataFrame = field(default_factory=lambda: _empty(SIZES))
    flows: pd.DataFrame = field(default_factory=lambda: _empty(FLOWS))
    cohorts: pd.DataFrame = field(default_factory=lambda: _empty(COHORTS))
    retention: pd.DataFrame = field(default_factory=lambda: _empty(RETENTION))
    survival: pd.DataFrame = field(default_factory=lambda: _empty(SURVIVAL))
    shares: pd.DataFrame = field(default_factory=lambda: _empty(SHARES))
    quartiles: pd.DataFrame = field(default_factory=lambda: _empty(QUARTILES))
    conditions: Mapping[str, ConditionText] = field(default_factory=dict)
    condition_sizes: pd.DataFrame = field(default_factory=lambda: _empty(CONDITION_SIZES))
    overlap: pd.DataFrame = field(default_factory=lambda: _empty(OVERLAP))
    representatives: pd.DataFrame = field(default_factory=lambda: _empty(REPRESENTATIVES))
    odds: pd.DataFrame = field(default_factory=lambda: _empty(ODDS))
    advice: pd.DataFrame = field(default_factory=lambda: _empty(ADVICE))
    goals: tuple[GoalState, ...] = ()
    undated: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
