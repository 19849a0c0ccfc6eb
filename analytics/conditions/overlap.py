"""How the customers who meet a condition spread over the segments, at the as-of moment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.distributions.labelled import Labelled
from analytics.distributions.level_shares import share_rows
from analytics.history import MEETS
from analytics.record import OVERLAP
from features.conditions.on_vectors.named_conditions import NamedConditions
from segment_model.contract import Role, VectorContract

Counts = npt.NDArray[np.int64]


def overlap(
    labelled: Labelled, met: pd.DataFrame, conditions: NamedConditions, contract: VectorContract, floor: int
) -> pd.DataFrame:
    """The table `OVERLAP`: for each condition the share of everyone, then of each segment, who meets it.

    Intervals are Wilson's; a mark compares a segment with all other customers, over all segments of a condition. Where
    a condition reads a column that shapes the segments, the mark says so instead. met : see `conditions_met`.
    """
    customers = {name: labelled.counts(met[name].to_numpy(dtype=bool)) for name in conditions}
    n = labelled.counts(np.ones(len(met), dtype=bool))
    return overlap_of_counts(labelled.everyone_and_groups, n, customers, conditions, contract, floor)


def overlap_of_counts(
    groups: tuple[str, ...],
    n: Counts,
    customers: Mapping[str, Counts],
    conditions: NamedConditions,
    contract: VectorContract,
    floor: int,
) -> pd.DataFrame:
    """The table `OVERLAP` by counts, whoever counted.

    groups : everyone, then the segments. n : (groups,) customers; customers : of them those who meet each condition.
    """
    shaping = {column.name for column in contract.columns if column.role is Role.BASIS}
    tables = []
    for name in conditions:
        defines = not shaping.isdisjoint(conditions.columns[name])
        tables.append(share_rows(name, groups, [MEETS], n, n, customers[name][None, :], floor, defines))
    if not tables:
        return pd.DataFrame(columns=list(OVERLAP))
    return pd.concat(tables, ignore_index=True).rename(columns={"column": "condition"}).loc[:, list(OVERLAP)]


def conditions_met(conditions: NamedConditions, vectors: pd.DataFrame) -> pd.DataFrame:
    """A column of truths a condition, a row a customer of the vectors."""
    met = {name: condition.meets(vectors) for name, condition in conditions.by_name.items()}
    return pd.DataFrame(met, index=vectors.index)
