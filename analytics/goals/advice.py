"""What to do: for each segment and goal the surest rule of who reaches it more often, with today's customers and money.

Nothing is said without a number, and nothing that `rule_search` does not prove. Where a rule of one column alone does
as well as a segment, that is said too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analytics.fetched import fetched
from analytics.goals.goal import Goal, Outcome
from analytics.goals.odds import GoalOdds
from analytics.goals.placed_outcomes import complete_positions, rows_of_goal
from analytics.goals.rule_columns import HALF, Rule, RuleColumn, bin_name, binned, rule_columns
from analytics.goals.rule_search import CountedRules, best_of_each, proven_rules
from analytics.groups import SEGMENT
from analytics.history import EVERYONE, MEETS, History, condition_column
from analytics.options import RecordOptions
from analytics.record import ADVICE, AS_WELL, RULE, Mark
from analytics.whole_sums import whole_sum
from features.tables.exact_sums import TEN_THOUSANDTHS
from segment_model.contract import VectorContract

MONEY = ("mrr", "monetary_value")  # columns of a vector, the first that is there
OF_PAYING = (Outcome.CHURNED, Outcome.UPGRADED)  # only who has MRR can reach these


@dataclass(frozen=True, slots=True)
class PastVectors:
    """The vectors as of month ends.

    frame_at : by position, a row a customer, with the columns of the contract. place : a frame with `customer_id` as a
    table in the engine of rows. undated : the columns that are not known as of the past.
    """

    frame_at: Callable[[int], pd.DataFrame]
    place: Callable[[pd.DataFrame, ir.Table], ir.Table]
    undated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Present:
    """The customers of today: their vectors, and the segment of each."""

    vectors: pd.DataFrame
    labels: pd.Series[str]
    contract: VectorContract

    @cached_property
    def money(self) -> pd.Series[float] | None:
        """The money of each customer; None where the vector has none, or marks it as sensitive."""
        names = [column.name for column in self.contract.columns if not column.sensitive]
        name = next((name for name in MONEY if name in names and name in self.vectors.columns), None)
        return None if name is None else self.vectors[name].fillna(0.0)

    def is_paying(self) -> pd.Series[bool] | None:
        """Who has MRR; None where the vector does not say it."""
        return self.vectors["mrr"] > 0 if "mrr" in self.vectors.columns else None


def advice(
    history: History,
    odds: GoalOdds,
    past: PastVectors,
    present: Present,
    mrr: ir.Table | None,
    options: RecordOptions,
) -> pd.DataFrame:
    """The table `ADVICE` of the goals with a complete window.

    mrr : the table of `mrr_by_customer`, where the company has subscriptions.

    Raises
    ------
    SourceError
        If an engine fails.
    """
    rows: list[dict[str, object]] = []
    for goal in options.goals:
        if goal.name not in odds.outcomes:
            continue
        search = _Search(goal, history, odds.outcomes[goal.name], past, present, mrr, options.floor)
        rows += search.rules()
        rows += search.as_well(odds.odds[(odds.odds.goal == goal.name) & odds.odds.latest.astype(bool)])
    return pd.DataFrame(rows, columns=list(ADVICE))


@dataclass(frozen=True)
class _Search:
    """The search of one goal, at the latest month end whose window is over."""

    goal: Goal
    history: History
    outcomes: ir.Table
    past: PastVectors
    present: Present
    mrr: ir.Table | None
    floor: int

    @property
    def position(self) -> int:
        return complete_positions(self.goal, self.history.month_ends)[-1]

    @cached_property
    def columns(self) -> tuple[RuleColumn, ...]:
        return rule_columns(self.frame, self.present.contract, self.past.undated)

    @cached_property
    def frame(self) -> pd.DataFrame:
        return self.past.frame_at(self.position)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """The names of the conditions of the business that are known as of the past."""
        undated = frozenset(self.past.undated)
        return tuple(name for name, columns in self.history.conditions.items() if undated.isdisjoint(columns))

    @cached_property
    def counted(self) -> tuple[CountedRules, ...]:
        dated = rows_of_goal(self.goal, self.history)
        assert dated is not None  # noqa: S101 - a goal with outcomes has rows
        placed = self.past.place(binned(self.frame, self.columns), dated.rows)
        bins = placed.select(*[name for name in placed.columns if name != "customer_id"], owner=placed.customer_id)
        latest = self.outcomes.filter(self.outcomes.position == self.position)
        table = self.history.keep(latest.inner_join(bins, latest.customer_id == bins.owner))
        of_columns = [
            CountedRules(column.rules(), self._counts(table, table[bin_name(place)]))
            for place, column in enumerate(self.columns)
        ]
        return (*of_columns, *(self._of_condition(table, name) for name in self.conditions))

    def _of_condition(self, table: ir.Table, name: str) -> CountedRules:
        is_met = (table[condition_column(name)] == MEETS).ifelse(1, 0).cast("int64")
        rule = Rule(name, frozenset({1}), name, name.replace("_", " "), is_single=False)
        return CountedRules((rule,), self._counts(table, is_met))

    def _counts(self, table: ir.Table, place: ir.IntegerValue) -> pd.DataFrame:
        grouped = table.group_by(segment=table[SEGMENT], half=table[HALF], bin=place)
        sums = grouped.aggregate(n=table.count(), reached=whole_sum(table.reached))
        return fetched(sums, f"rules of the goal {self.goal.name}")

    @cached_property
    def all_rules(self) -> tuple[Rule, ...]:
        return tuple(rule for column in self.counted for rule in column.rules)

    @cached_property
    def proven(self) -> pd.DataFrame:
        return proven_rules(self.counted, self.history.segments, self.floor)

    def rules(self) -> list[dict[str, object]]:
        best = best_of_each(self.proven, self.history.segments)
        rows = [self._row(RULE, segment, best[segment]) for segment in self.history.segments if segment in best]
        return [row for row in rows if row["customers"]]

    def as_well(self, odds: pd.DataFrame) -> list[dict[str, object]]:
        """Rules of one column whose ratio lies within, or beyond, the interval of a segment that has a mark."""
        single = {place for place, rule in enumerate(self.all_rules) if rule.is_single}
        rules = self.proven[(self.proven.segment == EVERYONE) & self.proven.place.isin(single)]
        rows = []
        for own in odds[odds.grouping == SEGMENT].to_dict(orient="records"):
            if own["mark"] == Mark.ABOVE:
                good = rules[(rules.ratio > 1) & (rules.ratio >= own["ratio_low"])]
            elif own["mark"] == Mark.BELOW:
                good = rules[(rules.ratio < 1) & (rules.ratio <= own["ratio_high"])]
            else:
                continue
            if len(good):
                rows.append(self._row(AS_WELL, str(own["group"]), good.iloc[0]))
        return rows

    def _row(self, kind: str, segment: str, proven: Mapping[str, float] | pd.Series) -> dict[str, object]:
        rule = self.all_rules[int(proven["place"])]
        own = None if kind == AS_WELL else segment
        customers, money, condition = self._today(rule, own)
        counts = {name: float(proven[name]) for name in ("n", "reached", "ratio", "low", "high")}
        return {
            "goal": self.goal.name,
            "segment": segment,
            "kind": kind,
            "rule": rule.words,
            "condition": condition,
            **counts,
            "rate": proven["reached"] / proven["n"],
            "rest_rate": proven["rest_reached"] / proven["rest_n"],
            "customers": float(customers),
            "money": money,
            "period": self.history.month_ends.month_before(self.position),
        }

    def _today(self, rule: Rule, segment: str | None) -> tuple[int, float, str]:
        """Today's customers who meet a rule, their money, and the condition that selects them."""
        if not rule.is_single:
            return self._of_last_month_end(rule, segment)
        column = next(each for each in self.columns if each.column.name == rule.column)
        meets = np.isin(column.bins_of(self.present.vectors[rule.column]), [*rule.bins])
        if segment is not None:
            meets = meets & (self.present.labels == segment).to_numpy()
        condition = rule.condition
        paying = self.present.is_paying() if self.goal.outcome in OF_PAYING else None
        if paying is not None and (meets & ~paying.to_numpy()).any():
            meets, condition = meets & paying.to_numpy(), f"{condition} and mrr > 0"
        money = self.present.money
        return int(meets.sum()), float("nan") if money is None else float(money[meets].sum()), condition

    def _of_last_month_end(self, rule: Rule, segment: str | None) -> tuple[int, float, str]:
        """The members at the last month end who meet a condition of the business, and their MRR then."""
        dated = self.history.terms or rows_of_goal(self.goal, self.history)
        assert dated is not None  # noqa: S101 - a goal with outcomes has rows
        last = len(self.history.month_ends.dates) - 1
        meets = dated.members[condition_column(rule.column)] == MEETS
        members = dated.members.filter((dated.members.position == last) & meets)
        if segment is not None:
            members = members.filter(members.segment == segment)
        if self.mrr is None:
            counts = fetched(members.aggregate(customers=members.count()), "members who meet a condition")
            return int(counts.customers.iloc[0]), float("nan"), rule.condition
        paid = self.mrr.select(payer=self.mrr.customer_id, cents=self.mrr[f"mrr_{last}"])
        paying = members.left_join(paid, members.customer_id == paid.payer)
        cents = ibis.greatest(paying.cents.fill_null(0), ibis.literal(0, "int64")).cast("int64")
        counts = fetched(
            paying.aggregate(customers=paying.count(), cents=whole_sum(cents)), "members who meet a condition"
        )
        return int(counts.customers.iloc[0]), float(counts.cents.iloc[0]) / TEN_THOUSANDTHS, rule.condition
