"""Month ends at which a job wrote the segments: its rows count, whatever today's model would say of that day.

A job that ran on the day knew what was known then, and people acted on its answer. A month end counts as written where
the champion still has every segment of its rows; the rows of a version whose segments have ended since are left aside.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

import numpy as np
import pandas as pd

from analytics.history import NOT_ASSIGNABLE, UNASSIGNED
from jobs.segment_table.destination import POSTGRES, segment_table
from jobs.segment_table.read import read_segments
from segment_model.errors import counted
from segment_model.model import SegmentModel
from training.settings import Settings


@dataclass(frozen=True)
class WrittenMonths:
    """The segments of each customer by position of the month end, as jobs wrote them, and what was left aside."""

    by_position: Mapping[int, pd.Series[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def of(self, position: int, customers: pd.Index) -> pd.Series[str] | None:
        """The segment of each of these customers; not assignable is whoever the job left out. None where none was
        written."""
        segments = self.by_position.get(position)
        if segments is None:
            return None
        return segments.reindex(customers.astype("str"), fill_value=NOT_ASSIGNABLE).set_axis(customers)

    @property
    def fingerprint(self) -> dict[int, str]:
        """By position, what changes where the rows do."""
        return {
            position: f"{len(rows)}:{np.bitwise_xor.reduce(pd.util.hash_pandas_object(rows).to_numpy())}"
            for position, rows in self.by_position.items()
        }


def written_months(
    settings: Settings, model: SegmentModel, dates: Sequence[date], kept: Collection[int]
) -> WrittenMonths:
    """What the table of `analytics.written` holds of the month ends on these dates.

    kept : positions that are computed all the same, such as the moment that the cards describe.

    Raises
    ------
    SegmentsError
        If the table cannot be read.
    """
    written = settings.analytics.written
    if written is None:
        return WrittenMonths()
    table = segment_table(f"{POSTGRES}{written.postgres}", written.table)
    moments = {datetime.combine(day, time.min): at for at, day in enumerate(dates) if at not in kept}
    rows = read_segments(table, settings.registry.model_name, list(moments))
    by_position: dict[int, pd.Series[str]] = {}
    left: list[str] = []
    for moment, own in rows.groupby("as_of"):
        segments = own.set_index("customer_id")["segment_id"].astype(object).fillna(UNASSIGNED).astype("str")
        ended = sorted(set(segments) - {*model.ids, UNASSIGNED})
        if ended:
            left.append(f"{moment:%Y-%m-%d} (version {own['model_version'].max()}: {', '.join(ended)})")
        else:
            by_position[moments[pd.Timestamp(str(moment)).to_pydatetime()]] = segments
    return WrittenMonths(by_position, _notes(table.shown, by_position, left, dates))


def _notes(
    table: str, by_position: Mapping[int, pd.Series[str]], left: Sequence[str], dates: Sequence[date]
) -> tuple[str, ...]:
    if not by_position and not left:
        return (f"the table {table} holds none of these month ends: all of them are computed",)
    notes = []
    if by_position:
        days = ", ".join(str(dates[position]) for position in sorted(by_position))
        notes.append(
            f"at {counted(len(by_position), 'month end')}, the segments are those that jobs wrote into {table}, not "
            f"those of today's model: {days}"
        )
    if left:
        notes.append(
            f"today's model computes the month ends at which {table} names segments that the champion no longer has: "
            f"{', '.join(left)}"
        )
    return tuple(notes)
