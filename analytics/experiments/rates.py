"""Rates of those who reached a goal: differences with the interval of Newcombe (Statistics in Medicine 17, 1998)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.experiments.comparison import KEYS, Comparison, Key
from analytics.experiments.heterogeneity import share_variance
from analytics.experiments.power import share_error
from analytics.intervals.differences import difference_limits, p_values
from analytics.intervals.estimates import Share
from analytics.options import Z_95

RATE = "rate"


@dataclass(frozen=True)
class Rates:
    """counts : `n` customers whose window is over and the `reached` of them, indexed by KEYS."""

    counts: pd.DataFrame
    measure: str = RATE

    @property
    def keys(self) -> Sequence[Key]:
        return list(self.counts.index)

    def compared(self, keys: Sequence[Key], of_control: Sequence[Key]) -> Comparison:
        own, rest = self._shares(keys), self._shares(of_control)
        low, high = difference_limits(own, rest, Z_95)
        return Comparison(
            n=own.trials,
            n_control=rest.trials,
            outcome=own.value,
            outcome_control=rest.value,
            low=low,
            high=high,
            p=p_values(own, rest),
            variance=share_variance(own.successes, own.trials) + share_variance(rest.successes, rest.trials),
            error=share_error((rest.successes + 1) / (rest.trials + 2), own.trials, rest.trials),
        )

    def _shares(self, keys: Sequence[Key]) -> Share:
        chosen = self.counts.reindex(pd.MultiIndex.from_tuples(keys, names=KEYS), fill_value=0)
        reached, n = (np.asarray(chosen[name], dtype=np.float64) for name in ("reached", "n"))
        return Share(reached, n)
