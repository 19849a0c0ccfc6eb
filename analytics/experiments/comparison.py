"""The outcomes of an arm beside those of control: what every measure of an experiment comes down to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from analytics.groups import SEGMENT
from analytics.history import EVERYONE
from analytics.intervals.pair_sums import Numbers

# grouping : EVERYONE, SEGMENT or a condition's name. group : EVERYONE, a segment, MEETS or REST.
KEYS = ("experiment", "arm", "grouping", "group")
Key = tuple[str, str, str, str]
# the columns of exposed customers that hold their groups, by grouping; everyone needs none
GroupColumns = Sequence[tuple[str, str]]
BY_SEGMENT: GroupColumns = ((SEGMENT, SEGMENT),)


@dataclass(frozen=True)
class Comparison:
    """Of n pairs of an arm's group and control's, arrays of one element each.

    n, n_control : customers whose window is over. outcome, outcome_control : their rate or mean. low, high : the ends
    of the 95 % interval of the difference. p : of the difference alone. variance : of the difference. error : its
    standard error if the arm had no effect. Missing where it cannot be known.
    """

    n: Numbers
    n_control: Numbers
    outcome: Numbers
    outcome_control: Numbers
    low: Numbers
    high: Numbers
    p: Numbers
    variance: Numbers
    error: Numbers


class Outcomes(Protocol):
    """What the customers of each arm and group did."""

    @property
    def measure(self) -> str:
        """RATE or MEAN."""

    @property
    def keys(self) -> Sequence[Key]:
        """The arms and groups that have customers."""

    def compared(self, keys: Sequence[Key], of_control: Sequence[Key]) -> Comparison:
        """Each group of an arm beside that of control; a group that is not known has nobody."""


def by_group(rows: pd.DataFrame, columns: GroupColumns) -> pd.DataFrame:
    """The rows once for everyone and once for each grouping, with the columns `grouping` and `group`."""
    whole = [rows.assign(grouping=EVERYONE, group=EVERYONE)]
    return pd.concat(
        [*whole, *(rows.assign(grouping=name, group=rows[column].astype("str")) for name, column in columns)],
        ignore_index=True,
    )
