"""The segment of each exposed customer, and the conditions that it met, as of its exposure, never as of today."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from analytics.groups import SEGMENT
from analytics.history import NOT_ASSIGNABLE, REST, condition_column
from analytics.month_ends import MonthEnds
from features.as_of import AsOf
from features.conditions.on_vectors.named_conditions import NamedConditions
from features.history.table_history import TableHistory
from jobs.membership.met_conditions import condition_texts
from jobs.membership.month_members import assigned
from jobs.membership.short_history import months_of_short_history
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
    model: SegmentModel,
    history: TableHistory,
    exposed: pd.DataFrame,
    conditions: NamedConditions,
    trained: datetime | None,
    announce: Announce,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The groups of each row, and how they were computed, in sentences.

    The columns are SEGMENT and one for each condition (`analytics.history.condition_column`); whoever had no rows then
    meets none. exposed : `customer_id` as text, and `exposed_at` on the wall clock of the business. trained : the as-of
    moment of the training, on the same clock; None where the model has none.

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
    groups = pd.DataFrame(REST, index=exposed.index, columns=[condition_column(name) for name in conditions])
    groups = groups.assign(**{SEGMENT: NOT_ASSIGNABLE}).astype("str")
    for day, rows in exposed.groupby(days, sort=True):
        assert isinstance(day, datetime)  # noqa: S101 - a pandas moment
        frame = history.vectors(AsOf.at(day.date(), history.settings.time_zone)).frame
        present = frame.loc[frame.index.isin(rows["customer_id"])]
        then = condition_texts(present, conditions).assign(**{SEGMENT: assigned(model, present)})
        for name in groups:
            known = rows["customer_id"].map(then[name]).astype(object)  # floats, where nobody is a customer yet
            groups.loc[rows.index, name] = known.fillna(NOT_ASSIGNABLE if name == SEGMENT else REST).astype("str")
    how = EXACT if number <= MOST_DAYS else BY_MONTH.format(days=counted(number, "day"))
    return groups, (how, *_cautions(model, history, days, trained))


def _cautions(
    model: SegmentModel, history: TableHistory, days: pd.Series[pd.Timestamp], trained: datetime | None
) -> list[str]:
    """What makes segments as of these days doubtful: less history than in training, and a training that came later."""
    if trained is None:
        return []
    moments = tuple(sorted({day.date() for day in days}))
    short_history = months_of_short_history(
        MonthEnds(moments, trained), history.oldest, trained, history.settings, model.contract
    )
    cautions = []
    if short_history:
        words = "of exposure has", "of exposure have"
        first = short_history[min(short_history)]
        cautions.append(
            f"{counted(len(short_history), f'moment {words[0]}', f'moments {words[1]}')} less history than the "
            f"training had, so that segments then are not quite comparable: {first}"
        )
    if trained > min(days):
        cautions.append(
            f"the model was fitted on data until {trained.date()}, after the exposures of {moments[0]}, so that its "
            "segments may reflect the outcome"
        )
    return cautions
