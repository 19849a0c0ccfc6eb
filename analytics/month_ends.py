"""The month ends of a record: the moments at which months are closed, on the wall clock of the business.

The state of month M is that of the first midnight of month M + 1, exclusive. A month that is not over by
`observed_until` is not closed, and has no figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from segment_model.errors import SettingsError


@dataclass(frozen=True, slots=True)
class MonthEnds:
    """Consecutive month ends, the earliest first.

    dates : n + 1 first days of months; the midnight at which the first starts begins month 0's predecessor, so that
    month i (0 to n - 1) runs from `dates[i]` to `dates[i + 1]`. observed_until : the wall clock until which rows are
    known; not before the last date.
    """

    dates: tuple[date, ...]
    observed_until: datetime

    @classmethod
    def before(cls, observed_until: datetime, months: int) -> MonthEnds:
        """The last `months` months that are over by `observed_until`.

        Raises
        ------
        SettingsError
            If `months` is less than 1.
        """
        if months < 1:
            raise SettingsError(f"a record covers at least 1 month, got {months}")
        last = observed_until.date().replace(day=1)
        dates = [last]
        for _ in range(months):
            dates.append((dates[-1] - timedelta(days=1)).replace(day=1))
        return cls(tuple(reversed(dates)), observed_until)

    @property
    def months(self) -> tuple[str, ...]:
        """The n months, such as "2017-12", by the month that ends."""
        return tuple(f"{first:%Y-%m}" for first in self.dates[:-1])

    @property
    def window(self) -> str:
        """All months as a period: "2017-01/2017-12"; a single month as such."""
        return self.months[0] if len(self.months) == 1 else f"{self.months[0]}/{self.months[-1]}"

    def month_before(self, position: int) -> str:
        """The month that ends at `dates[position]`, such as "2017-12" for 2018-01-01."""
        return f"{self.dates[position] - timedelta(days=1):%Y-%m}"
