"""Counts of acquisition cohorts as arrays, and the shares that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.record import AVERAGE, COHORTS
from features.tables.exact_sums import TEN_THOUSANDTHS

Counts = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
CLASSIC, UNBOUNDED = "classic", "unbounded"


@dataclass(frozen=True)
class CohortCounts:
    """The cohorts of one group, by the period of acquisition and `k`, the periods since then.

    labels : the m periods. size : (m,) customers. active : (m, m), those active in the k-th period after the first.
    active_later : (m, m), those active in the k-th or a later period. cents : (m, m), the money of the k-th period.
    Only the periods that are over count: what lies right of the diagonal, where row + k reaches m, is not read.
    """

    labels: tuple[str, ...]
    size: Counts
    active: Counts
    active_later: Counts
    cents: Counts

    @property
    def finished(self) -> npt.NDArray[np.bool_]:
        """(m, m): whether the k-th period of a cohort is over."""
        periods = np.arange(len(self.labels))
        return periods[:, None] + periods[None, :] < len(self.labels)


def cohort_rows(counts: CohortCounts) -> pd.DataFrame:
    """The rows of `COHORTS` of one group, but `grouping` and `group`: each cohort with customers, then the average.

    The average takes finished periods only and weights each cohort by its size. The average of unbounded retention
    multiplies the shares kept from one period to the next, each over the cohorts that have both: a share over other
    cohorts in each period could rise, which no share of those active "in the k-th period or later" can.
    """
    return pd.concat(
        [
            _cohorts(counts, CLASSIC, counts.active),
            _classic_average(counts),
            _cohorts(counts, UNBOUNDED, counts.active_later),
            _unbounded_average(counts),
        ],
        ignore_index=True,
    )


def _cohorts(counts: CohortCounts, kind: str, active: Counts) -> pd.DataFrame:
    periods = len(counts.labels)
    exists = np.flatnonzero(counts.size)
    finished = counts.finished[exists].ravel()
    size = np.repeat(counts.size[exists], periods)
    customers = np.where(finished, active[exists].ravel(), np.nan)
    money = np.where(finished & (kind == CLASSIC), counts.cents[exists].ravel() / TEN_THOUSANDTHS, np.nan)
    labels = np.repeat(np.array(counts.labels, dtype=object)[exists], periods)
    k = np.tile(np.arange(periods), len(exists))
    return _frame(kind, labels, size, k, customers, customers / size, money, finished)


def _classic_average(counts: CohortCounts) -> pd.DataFrame:
    size = _sum(counts, counts.size[:, None])
    customers, cents = _sum(counts, counts.active), _sum(counts, counts.cents)
    share = _ratio(customers, size)
    return _average(CLASSIC, size, customers.astype(np.float64), share, cents / TEN_THOUSANDTHS)


def _unbounded_average(counts: CohortCounts) -> pd.DataFrame:
    later, before = counts.active_later, np.empty_like(counts.active_later)
    before[:, :1], before[:, 1:] = counts.size[:, None], later[:, :-1]
    kept = _ratio(_sum(counts, later), _sum(counts, before), where_zero=0.0)
    size = _sum(counts, counts.size[:, None])
    nothing = np.full(len(size), np.nan)
    share = np.where(size > 0, np.cumprod(kept), np.nan)
    return _average(UNBOUNDED, size, nothing, share, nothing)


def _average(kind: str, size: Counts, customers: Numbers, share: Numbers, money: Numbers) -> pd.DataFrame:
    exists = np.flatnonzero(size)
    label = np.full(len(exists), AVERAGE, dtype=object)
    finished = np.full(len(exists), True)
    return _frame(kind, label, size[exists], exists, customers[exists], share[exists], money[exists], finished)


def _sum(counts: CohortCounts, values: Counts) -> Counts:
    """Sums over the cohorts whose k-th period is over."""
    return np.asarray(np.where(counts.finished, values, 0).sum(axis=0))


def _ratio(numerator: Counts, denominator: Counts, where_zero: float = np.nan) -> Numbers:
    return np.where(denominator > 0, numerator / np.maximum(denominator, 1), where_zero)


def _frame(
    kind: str,
    cohort: npt.NDArray[np.object_],
    size: Counts,
    k: npt.NDArray[np.signedinteger],
    customers: Numbers,
    share: Numbers,
    money: Numbers,
    finished: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    values = {"cohort": cohort, "size": size, "k": k, "customers": customers, "share": share, "money": money}
    frame = pd.DataFrame({"kind": kind, **values, "finished": finished})
    return frame.loc[:, [name for name in COHORTS if name in frame]]
