"""Lifetime value out of a survival curve, and what it needs from other figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.catalogue.subscriptions import ARPA
from analytics.money.lifetime_value import values_by_survival
from analytics.options import RecordOptions
from analytics.tidy import rows_of

KEYS = pd.DataFrame({"grouping": ["everyone", "segment"], "group": ["everyone", "s1"], "period": ["", ""]})


def curve(group: str, grouping: str, first: int, shares: list[float]) -> pd.DataFrame:
    times = range(first, first + len(shares))
    return pd.DataFrame({"grouping": grouping, "group": group, "time": times, "share": shares})


def values(survival: pd.DataFrame, **options: float) -> tuple[list[float], list[str], tuple[str, ...]]:
    arpa = rows_of(ARPA, KEYS, [100.0, 10.0], [50, 20])
    rows, notes = values_by_survival(arpa, survival, RecordOptions(**options))  # type: ignore[arg-type]
    return rows.value.tolist(), rows.note.tolist(), notes


def test_expected_months_are_the_sum_of_the_curve_up_to_the_horizon() -> None:
    survival = pd.concat(
        [curve("everyone", "everyone", 0, [1, 0.9, 0.8, 0.5]), curve("s1", "segment", 0, [1, 0.5, 0, 0])]
    )
    expected, note, notes = values(survival, horizon_months=3)
    assert expected == pytest.approx([100 * 2.7, 10 * 1.5])
    assert note == ["", ""]
    assert not notes
    assert values(survival, horizon_months=3, margin=0.5)[0] == pytest.approx([135, 7.5])


def test_a_curve_that_ends_before_the_horizon_is_a_lower_limit_and_that_is_told() -> None:
    survival = pd.concat([curve("everyone", "everyone", 0, [1, 0.9]), curve("s1", "segment", 0, [1, 0])])
    expected, note, notes = values(survival, horizon_months=36)
    assert note == ["at least: known for 2 months", ""], "a segment known for longer is not worth more for that reason"
    assert expected == pytest.approx([190, 10]), "of s1 nobody is left, so that no more is to come"
    assert len(notes) == 1
    assert "in the shortest case 2 months" in notes[0]


def test_a_curve_that_is_not_known_from_the_first_month_has_no_value() -> None:
    expected, note, _ = values(curve("everyone", "everyone", 3, [1, 0.9]))
    assert np.isnan(expected).all()
    assert note == ["no survival curve", "no survival curve"]
