"""The month ends of a record."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from analytics.month_ends import MonthEnds
from segment_model.errors import SettingsError


def test_the_last_months_that_are_over() -> None:
    ends = MonthEnds.before(datetime(2018, 1, 1), 2)
    assert ends.dates == (date(2017, 11, 1), date(2017, 12, 1), date(2018, 1, 1))
    assert ends.months == ("2017-11", "2017-12")
    assert ends.month_before(0) == "2017-10"


def test_a_month_that_is_not_over_is_not_closed() -> None:
    assert MonthEnds.before(datetime(2011, 12, 10, 8), 1).months == ("2011-11",)


def test_a_record_covers_at_least_one_month() -> None:
    with pytest.raises(SettingsError, match="at least 1 month, got 0"):
        MonthEnds.before(datetime(2018, 1, 1), 0)
