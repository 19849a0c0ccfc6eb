"""What to do: for each segment and goal the surest rule of who reaches it more often, with today's customers and money.

Nothing is said without a number, and nothing that `rule_search` does not prove. Where a rule of one column alone does
as well as a segment, that is said too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir
import pandas as pd

from analytics.fetched import fetched
from analytics.goals.goal import Goal, Outcome
from analytics.goals.odds import GoalOdds
from analytics.goals.past_months import PastMonth, PastMonths
from analytics.goals.placed_outcomes import complete_positions, rows_of_goal
from analytics.goals.rule_columns import HALF, Rule, RuleColumn, bin_name
from analytics.goals.rule_search import CountedRules, best_of_each, proven_rules
from analytics.goals.rules_today import AskedRule, RuleToday
from analytics.groups import SEGMENT
from analytics.history import EVERYONE, MEETS, History, condition_column
from analytics.options import RecordOptions
from analytics.present import Present
from analytics.record import ADVICE, AS_WELL, RULE, Mark
from analytics.whole_sums import whole_sum
from features.tables.exact_sums import TEN_THOUSANDTHS

OF_PAYING = (Outcome.CHURNED, Outcome.UPGRADED)  # only who has MRR can reach these


def advice(
    history: History,
    odds: GoalOdds,
    past: PastMonths,
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
        rows += search.rows(odds.odds[(odds.odds.goal == goal.name) & odds.odds.latest.astype(bool)])
    return pd.DataFrame(rows, columns=list(ADVICE))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A rule that is said of a segment; proven : its row of `proven_rules`."""

    kind: str
    segment: str
    proven: pd.Series


@dataclass(frozen=True, slots=True)
class _Today:
    """Today's customers who meet a rule, their money, and the condition that selects them."""

    customers: int
    money: float
    condition: str


@dataclass(frozen=True)
class _Search:
    """The search of one goal, at the latest month end whose window is over."""

    goal: Goal
    history: History
    outcomes: ir.Table
    past: PastMonths
    present: Present
    mrr: ir.Table | None
    floor: int

    @property
    def position(self) -> int:
        return complete_positions(self.goal, self.history.month_ends)[-1]

    @cached_property
    def columns(self) -> tuple[RuleColumn, ...]:
        return self.month.columns(self.present.contract, self.past.undated)

    @cached_property
    def month(self) -> PastMonth:
        return self.past.at(self.position)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """The names of the conditions of the business that are known as of the past."""
        undated = frozenset(self.past.undated)
        return tuple(name for name, columns in self.history.conditions.items() if undated.isdisjoint(columns))

    @cached_property
    def counted(self) -> tuple[CountedRules, ...]:
        dated = rows_of_goal(self.goal, self.history)
        assert dated is not None  # noqa: S101 - a goal with outcomes has rows
        placed = self.month.placed(self.columns, dated.rows)
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

    def rows(self, odds: pd.DataFrame) -> list[dict[str, object]]:
        """The rows of the goal; odds : those at the same month end."""
        chosen = [*self.rules(), *self.as_well(odds)]
        today = self._today([(self._rule(own), None if own.kind == AS_WELL else own.segment) for own in chosen])
        return [
            self._row(own, met) for own, met in zip(chosen, today, strict=True) if own.kind == AS_WELL or met.customers
        ]

    def rules(self) -> list[_Chosen]:
        best = best_of_each(self.proven, self.history.segments)
        return [_Chosen(RULE, segment, best[segment]) for segment in self.history.segments if segment in best]

    def as_well(self, odds: pd.DataFrame) -> list[_Chosen]:
        """Rules of one column whose ratio lies within, or beyond, the interval of a segment that has a mark."""
        single = {place for place, rule in enumerate(self.all_rules) if rule.is_single}
        rules = self.proven[(self.proven.segment == EVERYONE) & self.proven.place.isin(single)]
        chosen = []
        for own in odds[odds.grouping == SEGMENT].to_dict(orient="records"):
            if own["mark"] == Mark.ABOVE:
                good = rules[(rules.ratio > 1) & (rules.ratio >= own["ratio_low"])]
            elif own["mark"] == Mark.BELOW:
                good = rules[(rules.ratio < 1) & (rules.ratio <= own["ratio_high"])]
            else:
                continue
            if len(good):
                chosen.append(_Chosen(AS_WELL, str(own["group"]), good.iloc[0]))
        return chosen

    def _rule(self, chosen: _Chosen) -> Rule:
        return self.all_rules[int(chosen.proven["place"])]

    def _row(self, chosen: _Chosen, today: _Today) -> dict[str, object]:
        proven = chosen.proven
        counts = {name: float(proven[name]) for name in ("n", "reached", "ratio", "low", "high")}
        return {
            "goal": self.goal.name,
            "segment": chosen.segment,
            "kind": chosen.kind,
            "rule": self._rule(chosen).words,
            "condition": today.condition,
            **counts,
            "rate": proven["reached"] / proven["n"],
            "rest_rate": proven["rest_reached"] / proven["rest_n"],
            "customers": float(today.customers),
            "money": today.money,
            "period": self.history.month_ends.month_before(self.position),
        }

    def _today(self, asked: Sequence[tuple[Rule, str | None]]) -> list[_Today]:
        """Today's customers who meet rules, each among those of a segment or all."""
        by_name = {column.column.name: column for column in self.columns}
        single = [AskedRule(by_name[rule.column], rule.bins, segment) for rule, segment in asked if rule.is_single]
        met = iter(self.present.rules(single) if single else ())
        return [
            self._of_single(rule, next(met)) if rule.is_single else self._of_last_month_end(rule, segment)
            for rule, segment in asked
        ]

    def _of_single(self, rule: Rule, met: RuleToday) -> _Today:
        if self.goal.outcome in OF_PAYING and met.paying is not None and met.paying < met.customers:
            return _Today(met.paying, met.money_of_paying, f"{rule.condition} and mrr > 0")
        return _Today(met.customers, met.money, rule.condition)

    def _of_last_month_end(self, rule: Rule, segment: str | None) -> _Today:
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
            return _Today(int(counts.customers.iloc[0]), float("nan"), rule.condition)
        paid = self.mrr.select(payer=self.mrr.customer_id, cents=self.mrr[f"mrr_{last}"])
        paying = members.left_join(paid, members.customer_id == paid.payer)
        cents = ibis.greatest(paying.cents.fill_null(0), ibis.literal(0, "int64")).cast("int64")
        counts = fetched(
            paying.aggregate(customers=paying.count(), cents=whole_sum(cents)), "members who meet a condition"
        )
        money = float(counts.cents.iloc[0]) / TEN_THOUSANDTHS
        return _Today(int(counts.customers.iloc[0]), money, rule.condition)
