"""The customers at the as-of moment with the segment of each: what a record asks of them, wherever they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from analytics.conditions.overlap import conditions_met, overlap
from analytics.distributions.labelled import Labelled, shown_columns
from analytics.distributions.level_shares import level_shares
from analytics.distributions.quartiles import quartiles
from analytics.goals.rules_today import AskedRule, RuleToday, rules_today, sums_of_rules
from features.conditions.on_vectors.named_conditions import NamedConditions
from segment_model.contract import VectorContract


class Present(Protocol):
    """The customers of today; contract : of their vectors. segments : the ids of the model, in its order."""

    @property
    def contract(self) -> VectorContract: ...

    def distributions(self, segments: Sequence[str], floor: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The tables `SHARES` and `QUARTILES` of the columns that are not sensitive."""
        ...

    def overlap(self, segments: Sequence[str], conditions: NamedConditions, floor: int) -> pd.DataFrame:
        """The table `OVERLAP`."""
        ...

    def rules(self, asked: Sequence[AskedRule]) -> list[RuleToday]:
        """Who meets each rule."""
        ...


@dataclass(frozen=True)
class PresentFrame:
    """Customers in memory. vectors : a row a customer, with the contract's columns. labels : the segment of each."""

    vectors: pd.DataFrame
    labels: pd.Series[str]
    contract: VectorContract

    def distributions(self, segments: Sequence[str], floor: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """As of `Present`."""
        columns = [column for column in shown_columns(self.contract) if column.name in self.vectors.columns]
        labelled = Labelled.of(self.vectors, self.labels, segments)
        return level_shares(labelled, columns, floor), quartiles(labelled, columns, floor)

    def overlap(self, segments: Sequence[str], conditions: NamedConditions, floor: int) -> pd.DataFrame:
        """As of `Present`."""
        labelled = Labelled.of(self.vectors, self.labels, segments)
        return overlap(labelled, conditions_met(conditions, self.vectors), conditions, self.contract, floor)

    def rules(self, asked: Sequence[AskedRule]) -> list[RuleToday]:
        """As of `Present`."""
        return rules_today(sums_of_rules(self.vectors, self.labels, self.contract, asked), self.contract)
