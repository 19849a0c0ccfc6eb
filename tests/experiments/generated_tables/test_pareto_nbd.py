"""Generated shoppers have the moments that the papers derive."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.generated_tables.pareto_nbd import ParetoNbd, recency_frequency_monetary

SHOPPERS = 200_000
MODELS = [ParetoNbd(), ParetoNbd(r=2.0, alpha=8.0, s=1.6, beta=30.0, p=2.0, q=6.0, gamma=100.0)]


def expected_repeats(model: ParetoNbd, weeks: float) -> float:
    """Orders of a shopper in the weeks after the first order, on average (equation 17 of the paper of 1987)."""
    left: float = (model.beta / (model.beta + weeks)) ** (model.s - 1)
    return model.r * model.beta / (model.alpha * (model.s - 1)) * (1 - left)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("weeks", [10.0, 78.0])
def test_repeat_orders_and_amounts_are_those_expected(model: ParetoNbd, weeks: float) -> None:
    """Within five standard errors of the closed formulas."""
    orders = model.orders(np.full(SHOPPERS, weeks), np.random.default_rng(3))
    repeats = orders.groupby("shopper").size() - 1
    assert len(repeats) == SHOPPERS
    assert abs(repeats.mean() - expected_repeats(model, weeks)) < 5 * repeats.std() / SHOPPERS**0.5
    firsts = orders.drop_duplicates("shopper")
    assert (firsts["weeks_ago"] == weeks).all()
    expected_amount = model.p * model.gamma / (model.q - 1)  # averaged over the shoppers
    assert abs(firsts["amount"].mean() - expected_amount) < 5 * firsts["amount"].std() / SHOPPERS**0.5


def test_a_published_expectation() -> None:
    """CDNOW (package BTYD): 1.47 repeat orders of a new customer in the first year."""
    assert expected_repeats(ParetoNbd(), 52) == pytest.approx(1.473, abs=0.001)


def test_who_is_alive_for_certain_buys_as_poisson_with_gamma_rates() -> None:
    """Deaths a thousand years off leave the negative binomial: mean rt/alpha, variance mean (1 + t/alpha)."""
    model = ParetoNbd(r=1.5, alpha=5.0, s=50.0, beta=2.5e6)
    repeats = model.orders(np.full(SHOPPERS, 20.0), np.random.default_rng(4)).groupby("shopper").size() - 1
    assert repeats.mean() == pytest.approx(6.0, rel=0.02)
    assert repeats.var() == pytest.approx(6.0 * 5.0, rel=0.03)
    assert (repeats == 0).mean() == pytest.approx((5 / 25) ** 1.5, rel=0.03)


def test_recency_frequency_and_money_are_those_of_the_orders() -> None:
    orders = ParetoNbd().orders(np.full(500, 52.0), np.random.default_rng(5))
    frame = recency_frequency_monetary(orders)
    shopper = int(orders["shopper"].mode()[0])
    own = orders[orders["shopper"] == shopper]
    assert frame.loc[shopper, "frequency"] == len(own) > 1
    assert frame.loc[shopper, "recency_days"] == int(own["weeks_ago"].min() * 7)
    assert frame.loc[shopper, "monetary_value"] == pytest.approx(own["amount"].sum())
    assert (frame.loc[frame["frequency"] == 1, "recency_days"] == 364).all()
