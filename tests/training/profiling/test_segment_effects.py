"""How far segments differ from everyone in one column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from segment_model.contract import Column, Kind
from training.profiling.segment_effects import column_effects

UPGRADES = Column("upgrades", Kind.COUNT)


@pytest.mark.parametrize("customers", [1, 3, 10, 500, 2467])
def test_nobody_differs_where_everyone_has_one_value(customers: int) -> None:
    """The ranks' spread is then a rounding error, by which nothing may be divided."""
    members = [np.arange(customers) < customers / 2, np.arange(customers) >= customers / 2]
    values = pd.Series(np.zeros(customers))
    assert column_effects(values, UPGRADES, members, [0.0, 0.0]) == [0.0, 0.0]
    assert column_effects(values * np.nan, UPGRADES, members, [None, None]) == [0.0, 0.0]


def test_who_has_more_is_above() -> None:
    values = pd.Series([0.0, 0.0, 5.0, 6.0])
    low, high = column_effects(values, UPGRADES, [values < 1, values > 1], [0.0, 5.5])
    assert low == pytest.approx(-high)
    assert high > 0.5
