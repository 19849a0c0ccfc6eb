"""The continua are frozen, of the promised sizes, and of one piece however they bend."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import kneighbors_graph

from experiments.benchmarks.discovery import FIRST_SEED
from experiments.generated_tables.continua import CONTINUA, FEWEST, MOST
from experiments.generated_tables.planted_groups import CustomerTable

FROZEN = {
    "curved sheet": "30becce5ca19377528d4e50dda2f625851226a13e681368cd0751a69aa17eb61",
    "cohort": "684f83e74aaf742b68dffef5a0cabd56be587d531feefec09cb40b57a7e8fb69",
    "banana": "591945cf8c33ba89f8df7de9cb9f4468a6ddb2809b44fbd95011b1cec9a726a8",
    "half circle": "31aedb1a318374711a80f3d9a54b9f01290ad5a763e13f811137e95814a8fe88",
    "ring segment": "33add7da1e22840fb187830f1aa9943cc1d44694a0924722e77ebc67a9910a51",
}


def digest(table: CustomerTable) -> str:
    """Of the names and every value, rounded to 9 digits: the last ones may differ from processor to processor."""
    return hashlib.sha256(table.frame.to_csv(float_format="%.9g", lineterminator="\n").encode()).hexdigest()


@pytest.mark.parametrize("kind", CONTINUA)
def test_a_seed_always_gives_the_same_table(kind: str) -> None:
    assert digest(CONTINUA[kind](FIRST_SEED)) == FROZEN[kind]


@pytest.mark.parametrize("kind", CONTINUA)
def test_tables_are_of_the_promised_size_and_have_no_groups(kind: str) -> None:
    for seed in range(20):
        table = CONTINUA[kind](seed)
        assert FEWEST <= len(table.frame) <= MOST
        assert table.frame.shape[1] in ((4, 5) if kind == "curved sheet" else (3,) if kind == "cohort" else (2,))
        assert [column.name for column in table.contract.columns] == list(table.frame)
        assert not table.truth.any()
        assert np.isfinite(table.frame.to_numpy()).all()


@pytest.mark.parametrize("kind", [kind for kind in CONTINUA if kind != "cohort"])
def test_a_shape_is_of_one_piece(kind: str) -> None:
    """From nearest neighbour to nearest neighbour one comes from nearly every point to nearly every other."""
    for seed in range(20):
        values = CONTINUA[kind](seed).frame.to_numpy()
        _, pieces = connected_components(kneighbors_graph(values / values.std(axis=0), 10), directed=False)
        assert np.bincount(pieces).max() >= 0.99 * len(values), seed


def test_shoppers_of_a_cohort_came_within_a_quarter() -> None:
    """Who bought once has the recency of the first order; the others bought later."""
    for seed in range(20):
        frame = CONTINUA["cohort"](seed).frame
        once = frame.loc[frame["frequency"] == 1, "recency_days"]
        assert once.max() - once.min() <= 13 * 7
        assert frame["recency_days"].max() == once.max()
