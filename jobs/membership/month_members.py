"""Assigns the customers of each month end in order, each with the segment of the month before as the previous one."""

from __future__ import annotations

import pandas as pd

from analytics.history import NOT_ASSIGNABLE, UNASSIGNED
from jobs.complete_customers import complete
from segment_model.model import SegmentModel

SEGMENT = "segment"


def assigned(model: SegmentModel, frame: pd.DataFrame, previous: pd.Series[str] | None = None) -> pd.Series[str]:
    """The segment of each customer of a frame of vectors: an id, UNASSIGNED or NOT_ASSIGNABLE.

    previous : the segments at the month end before, by customer; those on a border stay where they were
    (`segment_model.scoring.hysteresis`). None assigns without hysteresis.

    Raises
    ------
    ContractError
        If the vectors do not have the model's columns.
    """
    readable, _ = complete(model, frame)
    table = model.assign(readable, previous=previous)
    segments = table["segment_id"].astype(object).fillna(UNASSIGNED)
    return segments.reindex(frame.index, fill_value=NOT_ASSIGNABLE).astype("str").rename(SEGMENT)
