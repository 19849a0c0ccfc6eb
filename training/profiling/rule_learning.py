"""Short rules for each segment: found by a beam search, simplified, and measured on all training customers.

The search maximises F1, the harmonic mean of precision and coverage, less a price for each condition. It runs on a
sample, in which weights restore the numbers of members and of others. All counts are whole numbers, so the rules do not
depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segment_model.cards import SegmentCard
from segment_model.contract import Column, Role, VectorContract
from segment_model.encoding.encoder import Flags, Floats, Indices
from segment_model.rules import Between, Condition, Rule, RuleSet, matches
from training.profiling.rule_conditions import conditions_for, roundest

MOST_CONDITIONS = 3  # columns in a rule
MOST_RULES = 2
MOST_STEPS = 4  # bounds in a rule: both bounds of a column are one condition
BEAM = 5
PRICE = 0.01  # F1 that another bound must gain
PRICE_OF_A_RULE = 0.03  # F1 that a second rule must gain
ROUNDING = 0.005  # F1 that a rounder or shorter condition may lose
ROUNDED_BY = (0.3, 0.1)  # shares of a threshold by which rounding may move it, the wider first
SEARCHED = 5_000  # most members, and most others, in the sample

Counts: TypeAlias = NDArray[np.float32]
Steps: TypeAlias = tuple[int, ...]  # positions of candidates


@dataclass(frozen=True)
class Sample:
    """The sampled customers, members first; `weights`: how many customers each member, and each other, represents."""

    frame: pd.DataFrame
    members: Flags
    weights: tuple[float, float]

    @property
    def size(self) -> float:
        return float(self.members.sum()) * self.weights[0]

    def f1(self, hits: Counts, others: Counts) -> Floats:
        """The F1 of rules that match `hits` sampled members and `others` sampled non-members each."""
        right, wrong = hits.astype(np.float64) * self.weights[0], others.astype(np.float64) * self.weights[1]
        return np.asarray(2 * right / (right + wrong + self.size), dtype=np.float64)

    def score(self, rules: Sequence[Rule]) -> float:
        """The F1 of rules of which at least one must match."""
        met = matches(rules, self.frame)
        counts = np.array([np.sum(met & self.members), np.sum(met & ~self.members)], dtype=np.float32)
        return float(self.f1(counts[0:1], counts[1:2])[0])


@dataclass(frozen=True)
class Candidates:
    """The conditions that rules may consist of; holds : (conditions, customers), 1 where a customer meets it."""

    conditions: tuple[Condition, ...]
    holds: Counts

    def allowed(self, steps: Steps) -> Flags:
        """Which conditions may extend the rule: on a new column up to `MOST_CONDITIONS`, or a number's other bound."""
        used = [self.conditions[step] for step in steps]
        columns = {condition.column for condition in used}
        allowed = []
        for condition in self.conditions:
            if condition.column in columns:
                earlier = [other for other in used if other.column == condition.column]
                allowed.append(len(earlier) == 1 and joined(earlier[0], condition) is not None)
            else:
                allowed.append(len(columns) < MOST_CONDITIONS)
        return np.array(allowed, dtype=np.bool_)

    def rule(self, steps: Steps) -> Rule:
        """The rule of these steps: both bounds of a number joined, columns in the order of the steps."""
        by_column: dict[str, Condition] = {}
        for step in steps:
            condition = self.conditions[step]
            earlier = by_column.get(condition.column)
            both = joined(earlier, condition) if earlier is not None else condition
            by_column[condition.column] = both if both is not None else condition
        return Rule(tuple(by_column.values()))


def learn_rules(
    frame: pd.DataFrame,
    contract: VectorContract,
    labels: Indices,
    cards: Sequence[SegmentCard],
    seed: int = 0,
) -> tuple[RuleSet, ...]:
    """One rule set a segment, in the order of the cards, on basis columns that are not sensitive.

    A rule set has at most two rules of at most three conditions; its precision and coverage are those among all n
    customers. frame : (n rows) customer vectors in the user's units. labels : (n,) positions, -1 where unassigned.
    """
    return tuple(
        RuleSet.measured(card.id, card.name, _learned(frame, contract, labels == position, seed), frame, chosen)
        for position, card in enumerate(cards)
        for chosen in (labels == position,)
    )


def joined(first: Condition, second: Condition) -> Between | None:
    """A lower and an upper bound of a column as one condition; None for any other two, or for an empty interval."""
    if not isinstance(first, Between) or not isinstance(second, Between) or first.or_missing != second.or_missing:
        return None
    low, high = (first, second) if second.at_least is None else (second, first)
    if low.at_least is None or high.below is None or low.below is not None or high.at_least is not None:
        return None
    return replace(low, below=high.below) if low.at_least < high.below else None


def _learned(frame: pd.DataFrame, contract: VectorContract, members: Flags, seed: int) -> tuple[Rule, ...]:
    columns = [column for column in contract.columns if column.role is Role.BASIS and not column.sensitive]
    if not members.any():
        return ()
    sample = _sample(frame[[column.name for column in columns]], members, seed)
    rules: tuple[Rule, ...] = ()
    for _ in range(MOST_RULES):
        covered = matches(rules, sample.frame)
        candidates = _candidates(columns, sample.frame, sample.members & ~covered)
        more = (*rules, _best_rule(candidates, sample, covered))
        if rules and sample.score(more) < sample.score(rules) + PRICE_OF_A_RULE:
            break
        rules = more
    return _simplified(rules, sample)


def _sample(frame: pd.DataFrame, members: Flags, seed: int) -> Sample:
    generator = np.random.default_rng(seed)
    rows, weights = [], []
    for side in (np.flatnonzero(members), np.flatnonzero(~members)):
        chosen = side
        if len(side) > SEARCHED:
            chosen = np.sort(generator.choice(side, SEARCHED, replace=False))
        rows.append(chosen)
        weights.append(len(side) / len(chosen) if len(chosen) else 0.0)
    return Sample(frame.iloc[np.concatenate(rows)], members[np.concatenate(rows)], (weights[0], weights[1]))


def _candidates(columns: Sequence[Column], frame: pd.DataFrame, wanted: Flags) -> Candidates:
    """The conditions for the `wanted` members, whom no rule covers yet."""
    conditions = [c for column in columns for c in conditions_for(column, frame[column.name], wanted)]
    holds = np.array([condition.holds(frame) for condition in conditions], dtype=np.float32)
    return Candidates(tuple(conditions), holds.reshape(len(conditions), len(frame)))


def _best_rule(candidates: Candidates, sample: Sample, covered: Flags) -> Rule:
    """The rule with the best F1 less the price of its length; customers who are `covered` already count as matched."""
    inside, outside = sample.members, ~sample.members
    holds_in, holds_out = candidates.holds[:, inside], candidates.holds[:, outside]
    covered_in, covered_out = np.float32(np.sum(covered & inside)), np.float32(np.sum(covered & outside))
    best: Steps = ()
    best_score = sample.score([Rule(())])
    beam: dict[Steps, tuple[Counts, Counts]] = {
        (): ((~covered[inside]).astype(np.float32), (~covered[outside]).astype(np.float32))
    }
    for length in range(1, MOST_STEPS + 1):
        longer: dict[Steps, tuple[float, Steps, int]] = {}
        for steps, (met_in, met_out) in beam.items():
            f1 = sample.f1(holds_in @ met_in + covered_in, holds_out @ met_out + covered_out)
            scores = np.where(candidates.allowed(steps), f1 - PRICE * length, -np.inf)
            for step in np.argsort(-scores, kind="stable")[:BEAM].tolist():
                if np.isfinite(scores[step]):
                    longer.setdefault(tuple(sorted((*steps, step))), (float(scores[step]), steps, step))
        leading = sorted(longer, key=lambda steps: (-longer[steps][0], steps))[:BEAM]
        if leading and longer[leading[0]][0] > best_score:
            best, best_score = leading[0], longer[leading[0]][0]
        beam = {
            steps: (beam[before][0] * holds_in[step], beam[before][1] * holds_out[step])
            for steps in leading
            for _, before, step in (longer[steps],)
        }
    return candidates.rule(best)


def _simplified(rules: tuple[Rule, ...], sample: Sample) -> tuple[Rule, ...]:
    """Leave out or round conditions while the F1 falls by at most `ROUNDING` in all."""
    least = sample.score(rules) - ROUNDING
    for number in range(len(rules)):
        for condition in rules[number].conditions:
            for simpler in _simpler(condition):
                replaced = [simpler if other is condition else other for other in rules[number].conditions]
                kept = tuple(other for other in replaced if other is not None)
                shorter = (*rules[:number], Rule(kept), *rules[number + 1 :])
                if sample.score(shorter) >= least:
                    rules = shorter
                    break
    return rules


def _simpler(condition: Condition) -> list[Condition | None]:
    """The simpler alternatives to a condition, the simplest first; None leaves it out."""
    if not isinstance(condition, Between):
        return [None]
    simpler: list[Condition | None] = [None]
    if condition.at_least is not None and condition.below is not None:
        simpler += [replace(condition, below=None), replace(condition, at_least=None)]
    for way in ROUNDED_BY:
        low, high = _rounder(condition.at_least, way), _rounder(condition.below, way)
        if low is None or high is None or low < high:
            simpler.append(replace(condition, at_least=low, below=high))
    return simpler


def _rounder(bound: float | None, way: float) -> float | None:
    """The roundest number at most the share `way` of the bound away from it."""
    if bound is None or bound == 0:
        return bound
    return roundest(*sorted(((1 - way) * bound, (1 + way) * bound)))
