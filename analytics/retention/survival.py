"""How long subscribers stay: a survival curve for each group, and whether the segments' curves differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analytics.groups import SEGMENT, Groupings
from analytics.history import EVERYONE
from analytics.record import SURVIVAL
from analytics.retention.kaplan_meier import LogRank, kaplan_meier, log_rank
from analytics.retention.lifetimes import Counts, counts_by_month
from segment_model.errors import counted

# customers; a curve may begin with fewer than the floor, since others join it later in life, but not with so few that
# a single one who leaves decides all that follows
FEWEST_AT_FIRST = 5


@dataclass(frozen=True)
class Survival:
    """The table `SURVIVAL`. all_segments : the test of all segments' curves. against_rest : of each segment against
    all others. A test is missing where it has nothing to compare."""

    table: pd.DataFrame
    all_segments: LogRank | None
    against_rest: Mapping[str, LogRank | None]

    @property
    def notes(self) -> tuple[str, ...]:
        """The test of all segments as a sentence."""
        if self.all_segments is None:
            return ()
        test = self.all_segments
        p = "p < 0.0001" if test.p < 0.0001 else f"p = {test.p:.4f}"
        verb = "differ" if test.p < 0.05 else "do not differ beyond chance"
        return (
            f"The lifetimes of the segments {verb} (log-rank test: chi-square {test.chi_square:.2f}, "
            f"{counted(test.freedom, 'degree')} of freedom, {p}); each subscriber counts in the segment of its first "
            "month end in the record, from then on",
        )


def survival(table: ir.Table, groupings: Groupings, segments: Sequence[str], floor: int) -> Survival:
    """The curves of everyone and of each group.

    table : of `lifetimes.lifetimes`. segments : the ids that the tests compare; customers of no segment are among
    "all others" only. A curve begins with the first month of life with `FEWEST_AT_FIRST` customers at risk, of whom
    it is the share, and ends with the last month with `floor`.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    tables: list[pd.DataFrame] = []
    test: LogRank | None = None
    against_rest: dict[str, LogRank | None] = {}
    for name in (EVERYONE, *groupings.names):
        groups, at_risk, left = counts_by_month(table, name)
        curves = [curve_rows(of_group, left[g], floor).assign(group=groups[g]) for g, of_group in enumerate(at_risk)]
        tables += [curve.assign(grouping=name) for curve in curves]
        if name == SEGMENT:
            own = [place for place, group in enumerate(groups) if group in segments]
            test = log_rank(at_risk[own], left[own])
            against_rest = {groups[place]: _against_rest(place, at_risk, left) for place in own}
    whole = [each for each in tables if len(each)]
    frame = pd.concat(whole, ignore_index=True) if whole else pd.DataFrame(columns=list(SURVIVAL))
    return Survival(frame.loc[:, list(SURVIVAL)], test, against_rest)


def curve_rows(at_risk: Counts, left: Counts, floor: int) -> pd.DataFrame:
    """`time`, `share`, `low`, `high` and `at_risk` of one group, by its counts in the months of life from 1 on.

    The first row is the beginning, at share 1: `time` 0, or the month before the first with enough customers at risk.
    """
    enough = np.flatnonzero(at_risk >= max(floor, 1))
    if not len(enough):
        return pd.DataFrame(columns=["time", "share", "low", "high", "at_risk"])
    first = int(np.argmax(at_risk >= max(min(floor, FEWEST_AT_FIRST), 1)))
    length = int(enough[-1]) + 1 - first
    part = slice(first, first + length)
    curve = kaplan_meier(at_risk[part], left[part])
    return pd.DataFrame(
        {
            "time": np.arange(first, first + length + 1),
            "share": np.append(1.0, curve.share),
            "low": np.append(np.nan, curve.low),
            "high": np.append(np.nan, curve.high),
            "at_risk": np.append(at_risk[first], at_risk[part]),
        }
    )


def _against_rest(place: int, at_risk: Counts, left: Counts) -> LogRank | None:
    """The test of one group against all others together."""
    return log_rank(*(np.vstack([counts[place], counts.sum(axis=0) - counts[place]]) for counts in (at_risk, left)))
