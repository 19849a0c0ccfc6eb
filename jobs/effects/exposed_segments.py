"""The segment of each exposed customer as of its exposure, never as of today."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from analytics.history import NOT_ASSIGNABLE
from features.as_of import AsOf
from features.history.table_history import TableHistory
from jobs.membership.month_members import assigned
from segment_model.errors import counted
from segment_model.model import SegmentModel
from training.progress import Announce

MOST_DAYS = 12  # of exposure: as many vectors as a record of a year computes
EXACT = (
    "the segment of a customer is that of the midnight before its exposure, computed by today's model from the rows "
    "before it; whoever had no rows then, or cannot be read, is not assignable"
)
BY_MONTH = (
    "the segment of a customer is that of the last month end before its exposure, since exposures lie on {days}; "
    "computed by today's model from the rows before it; whoever had no rows then, or cannot be read, is not assignable"
)


def exposed_segments(
    model: SegmentModel, history: TableHistory, exposed: pd.DataFrame, announce: Announce
) -> tuple[pd.Series[str], str]:
    """The segment of each row, and how it was computed, as a sentence.

    exposed : `customer_id` as text, and `exposed_at` on the wall clock of the business.

    Raises
    ------
    SegmentsError
        If an engine fails, or the tables do not make the model's columns.
    """
    days = exposed["exposed_at"].dt.normalize()
    number = days.nunique()
    if number > MOST_DAYS:
        days = days - pd.to_timedelta(days.dt.day - 1, unit="D")
    announce(f"assigning the exposed customers as of {counted(days.nunique(), 'moment')}")
    segments = pd.Series(NOT_ASSIGNABLE, index=exposed.index, dtype="str")
    for day, rows in exposed.groupby(days, sort=True):
        assert isinstance(day, datetime)  # noqa: S101 - a pandas moment
        frame = history.vectors(AsOf.at(day.date(), history.settings.time_zone)).frame
        present = assigned(model, frame.loc[frame.index.isin(rows["customer_id"])])
        known = rows["customer_id"].map(present).fillna(NOT_ASSIGNABLE)
        segments.loc[rows.index] = known.astype("str")
    return segments, EXACT if number <= MOST_DAYS else BY_MONTH.format(days=counted(number, "day"))
