"""The differences of any two segments, and their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from analytics.pair_differences import PAIR_DIFFERENCES, pair_differences
from analytics.record import FIGURES


def share(
    group: str, successes: int, n: int, grouping: str = "segment", figure: str = "churn_rate"
) -> tuple[object, ...]:
    interval = binomtest(successes, n).proportion_ci(method="wilson")
    return (figure, grouping, group, "2017-01/2017-12", successes / n, interval.low, interval.high, n, "", "")


def figures(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(FIGURES))


def test_shares_have_the_published_interval_of_newcombe() -> None:
    table = pair_differences(figures(share("a", 7, 34), share("b", 1, 34))).set_index(["first", "second"])
    own = table.loc[("a", "b")]
    assert own["difference"] == pytest.approx(6 / 34)
    assert (own["low"], own["high"]) == pytest.approx((0.019, 0.340), abs=5e-4)
    back = table.loc[("b", "a")]
    assert (back["difference"], back["low"], back["high"]) == pytest.approx((-6 / 34, -own["high"], -own["low"]))


def test_only_segments_with_an_interval_are_compared() -> None:
    rows = figures(
        share("a", 7, 34),
        share("b", 1, 34),
        share("everyone", 8, 68, "everyone"),
        share("basic", 8, 68, "plan"),
        ("churn_rate", "segment", "c", "2017-01/2017-12", np.nan, np.nan, np.nan, 4, "", "fewer than 10 customers"),
        ("mrr", "segment", "a", "", 900.0, np.nan, np.nan, 34, "", ""),
        ("mrr", "segment", "b", "", 100.0, np.nan, np.nan, 34, "", ""),
        share("a", 9, 34, figure="grr"),
    )
    table = pair_differences(rows)
    assert tuple(table.columns) == PAIR_DIFFERENCES
    assert list(zip(table["figure"], table["first"], table["second"], strict=True)) == [
        ("churn_rate", "a", "b"),
        ("churn_rate", "b", "a"),
    ]


def test_without_figures_there_is_no_difference() -> None:
    assert pair_differences(figures()).empty
