"""Marketing names, such as "champions", of segments whose only bases are recency, frequency and monetary value.

Marketing grids of R against F and M differ in their boundaries; `GRID` below and the reference define this one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Flags, Floats, Indices
from training.profiling.words.word import Between, Rank, Settled, Word

BASES = frozenset({"recency_days", "frequency", "monetary_value"})
SCORES = 5
MIDDLE = 3

# One row an R score, from 5 (bought recently) down to 1; one column an F/M score, from 1 (least) to 5.
GRID: Mapping[int, tuple[str, str, str, str, str]] = {
    5: ("new customers", "potential loyalists", "potential loyalists", "champions", "champions"),
    4: ("promising", "potential loyalists", "potential loyalists", "loyal customers", "champions"),
    3: ("about to sleep", "about to sleep", "needing attention", "loyal customers", "loyal customers"),
    2: ("hibernating", "hibernating", "at risk", "at risk", "cannot lose them"),
    1: ("lost", "hibernating", "at risk", "cannot lose them", "cannot lose them"),
}
NAMES = tuple(dict.fromkeys(name for row in GRID.values() for name in row))
# Days since the last order, least and most, that a name claims wherever the customer is in the grid.
LAST_ORDER: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("new customers", "promising", "potential loyalists", "champions", "loyal customers"), (0, 90)),
    **dict.fromkeys(("hibernating", "at risk", "cannot lose them"), (60, np.inf)),
    "about to sleep": (30, np.inf),
    "lost": (180, np.inf),
}
NEW_CUSTOMER_DAYS = 90  # since the first order, where the customers have that column


def is_rfm_only(contract: VectorContract) -> bool:
    """Whether the bases are recency, frequency and monetary value, and no other column."""
    return {column.name for column in contract.basis} == BASES


def grid_words(frame: pd.DataFrame) -> list[Word]:
    """The names of the grid, each true of the customers in a cell of that name who bought when the name claims.

    frame : (n rows) raw values. A customer's rank in a column, 0 to 1, is the share of customers with a smaller value
    plus half the share with an equal one. R is the fifth in which 1 - the recency rank lies, F/M that of the mean of
    the ranks in frequency and monetary value; 5 is best. F/M is 3 at most where one of the two ranks is below the
    middle, so that a few large orders make no champion.
    """
    ranks = {name: middle_ranks(frame[name]) for name in BASES}
    frequency, money = ranks["frequency"], ranks["monetary_value"]
    limits = np.where(np.minimum(frequency, money) >= 0.5, SCORES, MIDDLE)
    cells = np.array([["", *GRID.get(recency, [""] * SCORES)] for recency in range(SCORES + 1)])
    names = cells[scores(1 - ranks["recency_days"]), np.minimum(scores((frequency + money) / 2), limits)]
    days = frame["recency_days"].to_numpy(dtype=np.float64, na_value=np.nan)
    return [
        Word(
            name,
            "",
            Settled((names == name) & _bought_as_claimed(name, days, frame), _bounds(name, frame, ranks)),
            Rank.DECLARED,
        )
        for name in NAMES
    ]


def _bounds(name: str, frame: pd.DataFrame, ranks: Mapping[str, Floats]) -> tuple[Between, ...]:
    """What a customer must meet to lie in a cell of the name: exact for the days, and of each of the other two columns
    what its own rank must be, whatever the other's is.

    ranks : by column, (n,).
    """
    rows = [recency for recency, of_money in GRID.items() if name in of_money]
    columns = [score + 1 for of_money in GRID.values() for score, own in enumerate(of_money) if own == name]
    recency = scores(1 - ranks["recency_days"])
    days = _around("recency_days", frame, recency >= min(rows), recency <= max(rows))
    least, most = LAST_ORDER.get(name, (-np.inf, np.inf))
    bounds = [Between("recency_days", max(days.least, least), min(days.most, most))]
    for column in ("frequency", "monetary_value"):
        rank = ranks[column]
        # F/M above the middle needs both ranks at 0.5; below it the mean of two ranks is below max/5, and neither is
        # above twice that
        high_enough = rank >= 0.5 if min(columns) > MIDDLE else ~np.isnan(rank)
        low_enough = rank < 2 * max(columns) / SCORES if max(columns) < MIDDLE else ~np.isnan(rank)
        bounds.append(_around(column, frame, low_enough, high_enough))
    if name == "new customers" and "tenure_days" in frame.columns:
        bounds.append(Between("tenure_days", most=NEW_CUSTOMER_DAYS))
    return tuple(bounds)


def _around(column: str, frame: pd.DataFrame, low_enough: Flags, high_enough: Flags) -> Between:
    """The bounds of values that are low and high enough; a bound that every known value meets is left open.

    low_enough, high_enough : (n,) of customers, each true of all values below, or above, one for which it is true.
    """
    values = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(values)
    high, low = high_enough & known, low_enough & known
    least = float(values[high].min()) if high.any() and high.sum() < known.sum() else -np.inf
    most = float(values[low].max()) if low.any() and low.sum() < known.sum() else np.inf
    return Between(column, least, most)


def _bought_as_claimed(name: str, days: Floats, frame: pd.DataFrame) -> Flags:
    least, most = LAST_ORDER.get(name, (-np.inf, np.inf))
    bought = (days >= least) & (days <= most)
    if name == "new customers" and "tenure_days" in frame.columns:
        bought &= (frame["tenure_days"] <= NEW_CUSTOMER_DAYS).to_numpy(dtype=np.bool_)
    return bought


def middle_ranks(values: pd.Series[float]) -> Floats:
    """Each value's middle rank among the known ones, 0 to 1: (n,), NaN where missing."""
    ranks = values.rank(method="average").to_numpy(dtype=np.float64)
    return (ranks - 0.5) / max(int(values.notna().sum()), 1)


def scores(ranks: Floats) -> Indices:
    """The fifths, 1 to 5, in which ranks of 0 to 1 lie; 0 where one is missing."""
    return np.where(np.isnan(ranks), 0, np.minimum(SCORES, 1 + np.floor(SCORES * np.nan_to_num(ranks)))).astype(np.intp)
