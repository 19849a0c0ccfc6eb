"""How many of today's customers meet rules of one column, and their money: sums that parts of them add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.goals.rule_columns import RuleColumn
from segment_model.contract import VectorContract

MRR = "mrr"
MONEY = (MRR, "monetary_value")  # columns of a vector, the first that is there
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AskedRule:
    """A rule, by the bins of a column that meet it, among the customers of a segment; None: among all."""

    column: RuleColumn
    bins: frozenset[int]
    segment: str | None


@dataclass(frozen=True, slots=True)
class RuleToday:
    """The customers who meet a rule, and their money; and of them those who pay.

    money is NaN where the vectors have none, or mark it as sensitive. paying is None where they do not say who pays.
    """

    customers: int
    money: float
    paying: int | None
    money_of_paying: float


def sums_of_rules(
    vectors: pd.DataFrame, labels: pd.Series[str], contract: VectorContract, asked: Sequence[AskedRule]
) -> Floats:
    """By rule, (rules, 4): customers, money, paying customers, their money; 0 where the vectors do not say it.

    vectors : a row a customer. labels : the segment of each.
    """
    money_name = _money_name(contract)
    money = np.zeros(len(vectors)) if money_name is None else vectors[money_name].fillna(0.0).to_numpy(dtype=np.float64)
    pays = (vectors[MRR] > 0).to_numpy() if MRR in contract.names else np.zeros(len(vectors), dtype=bool)
    sums = np.zeros((len(asked), 4))
    for row, rule in zip(sums, asked, strict=True):
        meets = np.isin(rule.column.bins_of(vectors[rule.column.column.name]), [*rule.bins])
        if rule.segment is not None:
            meets &= (labels == rule.segment).to_numpy()
        paying = meets & pays
        row[:] = meets.sum(), money[meets].sum(), paying.sum(), money[paying].sum()
    return sums


def rules_today(sums: Floats, contract: VectorContract) -> list[RuleToday]:
    """What the sums over all customers say of each rule."""
    unknown = float("nan")
    has_money, says_who_pays = _money_name(contract) is not None, MRR in contract.names
    return [
        RuleToday(
            int(customers),
            money if has_money else unknown,
            int(paying) if says_who_pays else None,
            money_of_paying if has_money else unknown,
        )
        for customers, money, paying, money_of_paying in sums.tolist()
    ]


def _money_name(contract: VectorContract) -> str | None:
    names = {column.name for column in contract.columns if not column.sensitive}
    return next((name for name in MONEY if name in names), None)
