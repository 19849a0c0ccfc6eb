"""The finished record of a company's experiments: arms, effects, and what a reader must know of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from analytics.experiments.effects import EFFECTS, INTERACTIONS
from analytics.experiments.sample_ratio import SampleRatio


@dataclass(frozen=True, slots=True)
class ExperimentSummary:
    """One experiment: the sizes of its arms, and the days of the first and the last exposure.

    exposed_again : customers who were exposed several times to one arm; the first counts. in_two_arms : customers who
    were exposed to several arms, and are left out.
    """

    name: str
    ratio: SampleRatio
    first_day: date
    last_day: date
    exposed_again: int = 0
    in_two_arms: int = 0


@dataclass(frozen=True)
class ExperimentRecord:
    """All experiments. effects, interactions : tables with the columns of EFFECTS and INTERACTIONS.

    control : the arm with which the others are compared. currency : the unit of money. warnings : sentences on
    experiments whose effects are not to be trusted. notes : what was assumed, and who is not counted. titles : what
    goals are called, by name.
    """

    control: str
    currency: str
    summaries: tuple[ExperimentSummary, ...] = ()
    effects: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(EFFECTS)))
    interactions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(INTERACTIONS)))
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
