"""The experiments of the company's history, and the orders of an add-on that are their outcome."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.random import Generator

from experiments.simulated_company.paying_lives import Clock, Flags, Floats, Integers
from experiments.simulated_company.planted_odds import (
    ADD_ON_CHANCE,
    ARMS,
    EXPERIMENTS,
    OUTCOME_DAYS,
    PlantedExperiment,
)
from experiments.simulated_company.planted_segments import PLANTED
from experiments.simulated_company.population import DAY


def draw_experiments(
    rng: Generator, kind: Integers, paying: Flags, first: Integers, clock: Clock, noise: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The exposures and the add-on orders of all months, each with `customer` and `moment` in seconds since 1970.

    paying : (n, months), who pays at the start of each month; nobody else is exposed or orders. first : (n,) the
    second of the first term. Exposures have `experiment` and `arm` too. A month holds at most one experiment, and
    without one everyone has the same chance. In the company of pure noise the arms are drawn as asked and have no
    effect, and those who do not pay order as often.
    """
    planned = {clock.months - experiment.months_ago: experiment for experiment in EXPERIMENTS}
    exposed, ordered = [], []
    for month in range(clock.months):
        orderers = first < clock.starts[month] if noise else paying[:, month]
        customer = np.flatnonzero(orderers)
        experiment = planned.get(month)
        moment = np.full(customer.size, clock.starts[month])
        chance = np.full(customer.size, ADD_ON_CHANCE)
        if experiment is not None:
            share = experiment.asked if noise else experiment.drawn
            treated = rng.random(customer.size) < share
            moment = moment + 1 + (rng.random(customer.size) * (DAY - 1)).astype(np.int64)
            chance = chance if noise else _chances(experiment, treated, kind[customer])
            is_exposed = paying[customer, month]
            arm = np.take(ARMS, treated[is_exposed].astype(int))
            exposed.append(_table(customer[is_exposed], moment[is_exposed], experiment=experiment.name, arm=arm))
        orders = rng.random(customer.size) < chance
        later = 1 + (rng.random(customer.size) * ((OUTCOME_DAYS - 1) * DAY - 1)).astype(np.int64)
        ordered.append(_table(customer[orders], (moment + later)[orders]))
    return _together(exposed, ("experiment", "arm")), _together(ordered, ())


def _chances(experiment: PlantedExperiment, treated: Flags, kind: Integers) -> Floats:
    segments = np.array([segment.name for segment in PLANTED])[kind]
    affected = treated & (segments == experiment.segment if experiment.segment else True)
    return np.where(affected, experiment.treated, experiment.control)


def _table(customer: Integers, moment: Integers, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"customer": customer, "moment": moment, **columns})


def _together(tables: Sequence[pd.DataFrame], names: Sequence[str]) -> pd.DataFrame:
    """All rows; an empty table of these columns where there is none."""
    if not tables:
        empty = pd.DataFrame({"customer": np.zeros(0, dtype=np.int64), "moment": np.zeros(0, dtype=np.int64)})
        return empty.assign(**{name: pd.Series(dtype="str") for name in names})
    return pd.concat(tables, ignore_index=True)
