"""A column of years is recognised by its values, whatever it is called, and written without a separator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segment_model.language.wording import exact_value, in_words_of_change, plain_value
from segments import Column, Kind
from training.profiling.years import with_unit_of_years

GENERATOR = np.random.default_rng(0)
YEARS = GENERATOR.integers(1893, 2024, 500).astype(float)


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        (YEARS, "", "year"),
        (np.where(np.arange(500) < 3, 0.0, YEARS), "", "year"),  # three mistakes
        (np.where(np.arange(500) % 9 == 0, np.nan, YEARS), "", "year"),
        (np.full(500, np.nan), "", ""),
        (np.where(np.arange(500) < 50, 12.0, YEARS), "", ""),
        (YEARS + 0.5, "", ""),
        (YEARS * 2, "", ""),
        (YEARS, "USD", "USD"),
    ],
)
def test_years_are_recognised_by_their_values(values: np.ndarray, unit: str, expected: str) -> None:
    column = Column("vintage", Kind.NUMBER, unit=unit)
    assert with_unit_of_years(column, pd.Series(values)).unit == expected


def test_years_are_written_as_years() -> None:
    column = Column("founded_year", Kind.NUMBER, unit="year")
    assert column.title == "founded year"
    assert [plain_value(year, column) for year in (2010.0, 1970.5, float("nan"))] == ["2010", "1970.5", "unknown"]
    assert exact_value(2010.0, column) == "2010"
    assert in_words_of_change(2008.0, 2010.0, column) == "founded year: 2010 instead of 2008"


def test_a_model_with_years_reads_vectors_without_that_unit() -> None:
    column = Column("founded", Kind.NUMBER)
    assert replace(column, unit="year").measure == column.measure
    assert replace(column, unit="USD").measure != column.measure
