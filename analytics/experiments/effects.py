"""The effect of each arm of experiments against control: of everyone, by segment, and by who meets a condition.

Marks are corrected over everything that an experiment looks at for one goal: everyone, the segments, and both groups of
each condition, of each arm (Benjamini and Hochberg 1995). A group in which an arm works best is named only where the
interaction test says that the effect differs between the groups, and where that group's own effect is marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from analytics.experiments.comparison import KEYS, Comparison, Key, Outcomes
from analytics.experiments.heterogeneity import heterogeneity
from analytics.experiments.power import detectable, power
from analytics.history import EVERYONE, NOT_ASSIGNABLE, UNASSIGNED
from analytics.intervals.marks import LEVEL, marks
from analytics.intervals.pair_sums import Numbers
from segment_model.errors import counted

# A row a group of an arm that is not control. grouping, group : see `comparison.KEYS`. n, n_control : customers whose
# window is over. outcome : the rate of those who reached the goal, or the mean money. difference : outcome less that of
# control, with the ends of its 95 % interval. p : of that difference alone; p_corrected : over all groups and arms.
# detectable : the smallest difference that so many customers show with a probability of 80 %. power : the probability
# with which they show the stated difference; NaN where none is stated. mark : see `analytics.record.Mark`. note : why
# there is none.
EFFECTS = (
    *("experiment", "goal", "measure", "arm", "grouping", "group", "n", "n_control", "outcome", "outcome_control"),
    *("difference", "low", "high", "p", "p_corrected", "mark", "detectable", "stated", "power", "note"),
)
# A row an arm and grouping: whether its effect differs between the groups (`heterogeneity`). groups : how many are
# compared. p : of that test alone; p_corrected : over all tests of the experiment. best : the group in which the effect
# is the highest; empty where it does not differ, or is not marked there.
INTERACTIONS = ("experiment", "goal", "measure", "arm", "grouping", "groups", "q", "p", "p_corrected", "best")
NOT_KNOWN = "not known yet"  # the note of a group in which no window is over
NO_SEGMENTS = frozenset({UNASSIGNED, NOT_ASSIGNABLE})  # groups that no interaction test looks at


@dataclass(frozen=True)
class ArmEffects:
    """The effects on one goal or on money: `rows` has the columns of EFFECTS, `interactions` those of INTERACTIONS."""

    rows: pd.DataFrame
    interactions: pd.DataFrame


def arm_effects(
    outcomes: Outcomes, control: str, floor: int, goal: str = "", stated: float = float("nan")
) -> ArmEffects:
    """The effects of the arms of experiments that have the arm `control`; the others have none.

    floor : a group with fewer customers in one of the two arms has no effect. stated : the difference whose power is
    told.
    """
    keys = _compared(outcomes.keys, control)
    if not keys:
        return ArmEffects(pd.DataFrame(columns=list(EFFECTS)), pd.DataFrame(columns=list(INTERACTIONS)))
    pairs = outcomes.compared(keys, [(experiment, control, grouping, group) for experiment, _, grouping, group in keys])
    rows = pd.DataFrame(keys, columns=list(KEYS)).assign(
        goal=goal,
        measure=outcomes.measure,
        n=pairs.n,
        n_control=pairs.n_control,
        stated=stated,
        **_shown(pairs, floor, stated),
    )
    families = [rows.index[rows["experiment"] == name].to_numpy() for name in dict.fromkeys(rows["experiment"])]
    rows = rows.assign(**_marked(rows, families)).loc[:, list(EFFECTS)]
    return ArmEffects(rows, _interactions(rows, pairs.variance))


def _compared(known: Sequence[Key], control: str) -> list[Key]:
    """The experiment, arm and group of each effect: all groups of an experiment, under each arm that is not control."""
    arms: dict[str, dict[str, None]] = {}
    groups: dict[str, dict[tuple[str, str], None]] = {}
    for experiment, arm, grouping, group in known:
        arms.setdefault(experiment, {})[arm] = None
        groups.setdefault(experiment, {})[grouping, group] = None
    return [
        (experiment, arm, grouping, group)
        for experiment, own in arms.items()
        if control in own
        for arm in own
        if arm != control
        for grouping, group in groups[experiment]
    ]


def _shown(pairs: Comparison, floor: int, stated: float) -> dict[str, Numbers | NDArray[np.str_]]:
    """The figures of groups with enough customers in both arms, and a note on the others."""
    enough = (pairs.n >= floor) & (pairs.n_control >= floor)
    figures = {
        "outcome": pairs.outcome,
        "outcome_control": pairs.outcome_control,
        "difference": pairs.outcome - pairs.outcome_control,
        "low": pairs.low,
        "high": pairs.high,
        "p": pairs.p,
        "detectable": detectable(pairs.error),
        "power": power(stated, pairs.error),
    }
    few = f"fewer than {counted(floor, 'customer')} in an arm"
    note = np.select([enough, pairs.n + pairs.n_control == 0], ["", NOT_KNOWN], few)
    return {**{name: np.where(enough, numbers, np.nan) for name, numbers in figures.items()}, "note": note}


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
    of_groups = rows[rows["grouping"] != EVERYONE]
    for key, own in of_groups.groupby(["experiment", "goal", "measure", "arm", "grouping"], sort=False):
        groups = own[~own["group"].isin(list(NO_SEGMENTS)) & own["difference"].notna()]
        test = heterogeneity(groups["difference"].to_numpy(dtype=float), variances[groups.index.to_numpy()])
        tests.append((*key, test.groups, test.q, test.p, test.p, _best(groups) if test.p < LEVEL else ""))
    return pd.DataFrame(tests, columns=list(INTERACTIONS))


def corrected_interactions(tests: pd.DataFrame) -> pd.DataFrame:
    """The interaction tests of all goals and groupings, corrected within each experiment (Benjamini and Hochberg 1995).

    tests : with the columns of INTERACTIONS. Without it, one of twenty tests would name a best group by chance.
    """
    if not len(tests):
        return tests
    corrected = tests["p"].astype(float).copy()
    for _, own in tests[tests["p"].notna()].groupby("experiment", sort=False):
        corrected.loc[own.index] = false_discovery_control(own["p"].to_numpy(dtype=float))
    return tests.assign(p_corrected=corrected, best=tests["best"].where(corrected < LEVEL, ""))


def _best(groups: pd.DataFrame) -> str:
    """The group with the highest effect, if that is marked."""
    highest = groups.iloc[int(groups["difference"].to_numpy(dtype=float).argmax())]
    return str(highest["group"]) if highest["mark"] else ""
