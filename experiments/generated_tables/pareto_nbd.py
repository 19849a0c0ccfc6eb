"""Shoppers of the Pareto/NBD model with gamma-gamma spend: a continuum of habits, without groups.

Schmittlein, Morrison & Colombo (1987), "Counting your customers": while alive, a shopper buys at random moments at an
own rate; lifetimes are exponential with an own rate of death; both rates are gamma distributed over shoppers. Fader,
Hardie & Lee (2005), "RFM and CLV": the amount of an order is gamma distributed with an own rate, itself gamma
distributed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DAYS = 7  # of a week
FEWEST_CENTS = 0.01


@dataclass(frozen=True)
class ParetoNbd:
    """The distribution of shoppers; the defaults are the published estimates for the CDNOW cohort, in weeks and USD.

    r, alpha : shape and rate of the purchase rates (a week). s, beta : shape and rate of the death rates (a week).
    p : shape of an order's amount. q, gamma : shape and rate of its rates (a dollar).
    """

    r: float = 0.553
    alpha: float = 10.578
    s: float = 0.606
    beta: float = 11.669
    p: float = 6.25
    q: float = 3.74
    gamma: float = 15.44

    def orders(self, weeks: Floats, generator: np.random.Generator) -> pd.DataFrame:
        """Every order of shoppers whose first one lies `weeks` (n,) before the end of the observation.

        Returns
        -------
        pandas.DataFrame
            `shopper` (its position in `weeks`), `weeks_ago` (before the end) and `amount` in whole cents; by shopper,
            the first order first, the others in no order.
        """
        shoppers = len(weeks)
        rates = generator.gamma(self.r, 1 / self.alpha, shoppers)
        lifetimes = generator.exponential(size=shoppers) / generator.gamma(self.s, 1 / self.beta, shoppers)
        active = np.minimum(lifetimes, weeks)
        repeats = generator.poisson(rates * active)
        shopper = np.repeat(np.arange(shoppers), 1 + repeats)
        is_first = np.diff(shopper, prepend=-1) > 0
        since_first = np.where(is_first, 0.0, generator.random(len(shopper)) * active[shopper])
        amount_rates = generator.gamma(self.q, 1 / self.gamma, shoppers)
        amounts = generator.gamma(self.p, size=len(shopper)) / amount_rates[shopper]
        return pd.DataFrame(
            {
                "shopper": shopper,
                "weeks_ago": weeks[shopper] - since_first,
                "amount": np.maximum(np.round(amounts, 2), FEWEST_CENTS),
            }
        )


def recency_frequency_monetary(orders: pd.DataFrame) -> pd.DataFrame:
    """One row a shopper of `ParetoNbd.orders`: whole days since the last order, number of orders, total amount."""
    by_shopper = orders.groupby("shopper")
    return pd.DataFrame(
        {
            "recency_days": np.floor(by_shopper["weeks_ago"].min() * DAYS),
            "frequency": by_shopper.size().astype(np.float64),
            "monetary_value": by_shopper["amount"].sum().round(2),
        }
    )
