"""The effect of each arm of experiments against control, by segment and for everyone, out of sums by arm and group.

Marks are corrected over everything that an experiment looks at for one goal: everyone and the segments, of each arm
(Benjamini and Hochberg 1995). A segment in which an arm works best is named only where the interaction test says that
the effect differs between segments, and where that segment's own effect is marked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from analytics.experiments.heterogeneity import heterogeneity, share_variance
from analytics.experiments.power import detectable, mean_error, share_error
from analytics.history import EVERYONE, NOT_ASSIGNABLE, UNASSIGNED
from analytics.intervals.differences import difference_limits, p_values
from analytics.intervals.estimates import Estimate, RatioOfSums, Share
from analytics.intervals.marks import LEVEL, marks
from analytics.intervals.pair_sums import Numbers, PairSums
from analytics.options import Z_95
from segment_model.errors import counted

# A row a group of an arm that is not control. n, n_control : customers whose window is over. outcome : the rate of
# those who reached the goal, or the mean money. difference : outcome less that of control, with the ends of its 95 %
# interval. p : of that difference alone; p_corrected : over all groups and arms. detectable : the smallest difference
# that so many customers show with a probability of 80 %. mark : see `analytics.record.Mark`. note : why there is none.
EFFECTS = (
    *("experiment", "goal", "measure", "arm", "group", "n", "n_control", "outcome", "outcome_control"),
    *("difference", "low", "high", "p", "p_corrected", "mark", "detectable", "note"),
)
# A row an arm: whether its effect differs between segments (`heterogeneity`). p : of that test alone; p_corrected :
# over all tests of the experiment. best : the segment in which the effect is the highest; empty where it does not
# differ, or is not marked there.
INTERACTIONS = ("experiment", "goal", "measure", "arm", "segments", "q", "p", "p_corrected", "best")
RATE, MEAN = "rate", "mean"
NOT_KNOWN = "not known yet"  # the note of a group in which no window is over
KEYS = ("experiment", "arm", "group")
NO_SEGMENTS = frozenset({EVERYONE, UNASSIGNED, NOT_ASSIGNABLE})  # groups that no interaction test looks at


@dataclass(frozen=True)
class ArmEffects:
    """The effects on one goal or on money: `rows` has the columns of EFFECTS, `interactions` those of INTERACTIONS."""

    rows: pd.DataFrame
    interactions: pd.DataFrame


def arm_effects(sums: pd.DataFrame, control: str, measure: str, floor: int, goal: str = "") -> ArmEffects:
    """The effects of the arms of experiments that have the arm `control`; the others have none.

    sums : indexed by KEYS (groups are segments and EVERYONE), with the sums of `PairSums` as columns, where y is 1 of
    each customer, and x is 1 of those who reached the goal or the money of each. measure : RATE or MEAN. floor : a
    group with fewer customers in one of the two arms has no effect.
    """
    keys = _compared(sums, control)
    if not len(keys):
        return ArmEffects(pd.DataFrame(columns=list(EFFECTS)), pd.DataFrame(columns=list(INTERACTIONS)))
    of_control = [(experiment, control, group) for experiment, _, group in keys]
    own, rest = (
        _pair_sums(sums.reindex(pd.MultiIndex.from_tuples(chosen, names=KEYS))) for chosen in (keys, of_control)
    )
    first, second = _estimates(own, measure), _estimates(rest, measure)
    enough = (own.n >= floor) & (rest.n >= floor)
    low, high = difference_limits(first, second, Z_95)
    shown = {
        "outcome": first.value,
        "outcome_control": second.value,
        "difference": first.value - second.value,
        "low": low,
        "high": high,
        "p": p_values(first, second),
        "detectable": detectable(_error(own, rest, measure)),
    }
    rows = pd.DataFrame(keys, columns=list(KEYS)).assign(
        goal=goal,
        measure=measure,
        n=own.n,
        n_control=rest.n,
        **{name: np.where(enough, numbers, np.nan) for name, numbers in shown.items()},
        note=np.select(
            [enough, own.n + rest.n == 0], ["", NOT_KNOWN], f"fewer than {counted(floor, 'customer')} in an arm"
        ),
    )
    families = [rows.index[rows["experiment"] == name].to_numpy() for name in dict.fromkeys(rows["experiment"])]
    rows = rows.assign(**_marked(rows, families)).loc[:, list(EFFECTS)]
    variances = _variances(own, measure) + _variances(rest, measure)
    return ArmEffects(rows, _interactions(rows, variances))


def _compared(sums: pd.DataFrame, control: str) -> list[tuple[str, str, str]]:
    """The experiment, arm and group of each effect."""
    keys: list[tuple[str, str, str]] = []
    present = sums.index.to_frame(index=False)
    for experiment, own in present.groupby("experiment", sort=False):
        arms = [arm for arm in dict.fromkeys(own["arm"]) if arm != control]
        if len(arms) < own["arm"].nunique():  # control is there
            keys += [(str(experiment), arm, group) for arm in arms for group in dict.fromkeys(own["group"])]
    return keys


def _pair_sums(sums: pd.DataFrame) -> PairSums:
    return PairSums.of_frame(sums.add_prefix("sum "), "sum")


def _estimates(sums: PairSums, measure: str) -> Estimate:
    return Share(sums.x, sums.n) if measure == RATE else RatioOfSums(sums)


def _marked(rows: pd.DataFrame, families: list[NDArray[np.int64]]) -> dict[str, NDArray[np.object_] | Numbers]:
    """`p_corrected` and `mark` of each row, corrected within its family."""
    p, differences = rows["p"].to_numpy(dtype=float), rows["difference"].to_numpy(dtype=float)
    corrected, marked = np.full(p.shape, np.nan), np.full(p.shape, "", dtype=object)
    for places in families:
        marked[places] = marks(differences[places], p[places])
        known = places[~np.isnan(p[places])]
        if len(known):
            corrected[known] = false_discovery_control(p[known])
    return {"p_corrected": corrected, "mark": marked}


def _interactions(rows: pd.DataFrame, variances: Numbers) -> pd.DataFrame:
    tests = []
    for key, own in rows.groupby(["experiment", "goal", "measure", "arm"], sort=False):
        segments = own[~own["group"].isin(list(NO_SEGMENTS)) & own["difference"].notna()]
        test = heterogeneity(segments["difference"].to_numpy(dtype=float), variances[segments.index.to_numpy()])
        tests.append((*key, test.segments, test.q, test.p, test.p, _best(segments) if test.p < LEVEL else ""))
    return pd.DataFrame(tests, columns=list(INTERACTIONS))


def corrected_interactions(tests: pd.DataFrame) -> pd.DataFrame:
    """The interaction tests of several goals, corrected within each experiment (Benjamini and Hochberg 1995).

    tests : with the columns of INTERACTIONS. Without it, one of twenty goals would name a best segment by chance.
    """
    if not len(tests):
        return tests
    corrected = tests["p"].astype(float).copy()
    for _, own in tests[tests["p"].notna()].groupby("experiment", sort=False):
        corrected.loc[own.index] = false_discovery_control(own["p"].to_numpy(dtype=float))
    return tests.assign(p_corrected=corrected, best=tests["best"].where(corrected < LEVEL, ""))


def _best(segments: pd.DataFrame) -> str:
    """The segment with the highest effect, if that is marked."""
    highest = segments.iloc[int(segments["difference"].to_numpy(dtype=float).argmax())]
    return str(highest["group"]) if highest["mark"] else ""


def _variances(sums: PairSums, measure: str) -> Numbers:
    """The variance of each group's outcome."""
    if measure == RATE:
        return share_variance(sums.x, sums.n)
    variances: Numbers = _spread(sums) / np.where(sums.n > 0, sums.n, np.nan)
    return variances


def _spread(sums: PairSums) -> Numbers:
    """The variance of the customers' money."""
    n = np.where(sums.n > 1, sums.n, np.nan)
    spread: Numbers = np.maximum(sums.xx - sums.x**2 / n, 0) / (n - 1)
    return spread


def _error(own: PairSums, rest: PairSums, measure: str) -> Numbers:
    if measure == RATE:
        return share_error((rest.x + 1) / (rest.n + 2), own.n, rest.n)
    return mean_error(_spread(own), _spread(rest), own.n, rest.n)
