"""Who was in which segment at each month end, computed once and kept in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import pandas as pd

from analytics.history import NOT_ASSIGNABLE, condition_column
from analytics.month_ends import MonthEnds
from features.as_of import AsOf
from features.conditions.on_vectors.named_conditions import NO_CONDITIONS, NamedConditions
from features.history.fingerprints import fingerprints
from features.history.table_history import TableHistory
from jobs.membership.compared_columns import compared_columns, texts
from jobs.membership.membership_file import membership_file, read_members, write_members
from jobs.membership.met_conditions import condition_texts
from jobs.membership.month_members import SEGMENT, assigned
from jobs.membership.short_history import months_of_short_history
from jobs.membership.written_months import WrittenMonths, written_months
from segment_model.errors import counted
from segment_model.model import SegmentModel
from training.progress import Announce
from training.settings import Settings

CUSTOMER, POSITION = "customer_id", "position"
NOTHING_WRITTEN = WrittenMonths()


@dataclass(frozen=True)
class Membership:
    """Who was where, when.

    members : a row a customer and month end at which there were rows of it: `customer_id` (text), `position` in
    `MonthEnds.dates`, `segment` (an id, UNASSIGNED or NOT_ASSIGNABLE), the attributes to compare by as they were then,
    missing where they are not known, and for each condition whether the vector of then meets it
    (`analytics.history.condition_column`). compared : the names of the attributes. short_history : the positions of
    month ends of short history, with the reason. notes : what was assumed, in sentences.
    """

    members: pd.DataFrame
    compared: tuple[str, ...]
    short_history: Mapping[int, str]
    notes: tuple[str, ...] = ()


def membership_of(
    settings: Settings,
    base: Path,
    model: SegmentModel,
    history: TableHistory,
    ends: MonthEnds,
    as_of: AsOf,
    announce: Announce,
    conditions: NamedConditions = NO_CONDITIONS,
) -> Membership:
    """The membership at each month end, from the file where it is kept.

    as_of : the moment for which the model's cards hold; at a month end that is this moment, members are what the cards
    count. conditions : of the vectors of the history.

    Raises
    ------
    SegmentsError
        If an engine fails, or the tables do not make the model's columns.
    """
    compared = compared_columns(settings, history.contract)
    trained = trained_until(settings, model)
    short_history = (
        months_of_short_history(ends, history.oldest, trained, history.settings, model.contract) if trained else {}
    )
    without_previous = ends_without_previous(ends, as_of, short_history)
    written = written_months(settings, model, ends.dates, _of_the_cards(ends, as_of))
    made_from = _made_from(settings, base, model, history, ends, compared, without_previous, conditions)
    if written.by_position:
        made_from["written"] = written.fingerprint
    file = membership_file(base, made_from)
    members = read_members(file)
    if members is None:
        announce(f"assigning customers at {counted(len(ends.dates), 'month end')}")
        members = compute_members(model, history, ends, compared, without_previous, conditions, written)
        try:
            write_members(members, file)
        except OSError as error:
            announce(f"the membership is not kept for the next time: {file.parent} {error.strerror or error}")
    refused = members[members[SEGMENT] == NOT_ASSIGNABLE].groupby(POSITION).size()
    not_assignable = {int(str(position)): int(count) for position, count in refused.items()}
    notes = membership_notes(ends, not_assignable, short_history, history, compared, conditions)
    return Membership(members, compared, short_history, (notes[0], *written.notes, *notes[1:]))


def compute_members(
    model: SegmentModel,
    history: TableHistory,
    ends: MonthEnds,
    compared: tuple[str, ...],
    without_previous: frozenset[int] = frozenset(),
    conditions: NamedConditions = NO_CONDITIONS,
    written: WrittenMonths = NOTHING_WRITTEN,
) -> pd.DataFrame:
    """The rows of a membership, month end by month end; on a border customers stay in the segment of the one before.

    without_previous : positions at which nobody stays in the segment of the month end before. written : the segments
    that jobs wrote, which count instead of the model's.

    Raises
    ------
    SegmentsError
        If an engine fails, or the tables do not make the model's columns.
    """
    months: list[pd.DataFrame] = []
    previous: pd.Series[str] | None = None
    for position, day in enumerate(ends.dates):
        before = None if position in without_previous else previous
        # the vectors of a month are not kept while those of the next are made
        month = _month(model, history, position, day, compared, conditions, written, before)
        previous = month[SEGMENT]
        months.append(month.rename_axis(CUSTOMER).reset_index())
    # column by column: a second copy of the rows of all months is not kept
    columns: dict[str, pd.Series] = {}
    for name in (CUSTOMER, POSITION, SEGMENT, *compared, *map(condition_column, conditions)):
        column = pd.concat([month.pop(name) for month in months], ignore_index=True)
        columns[name] = column.astype("int64") if name == POSITION else column.astype("str")
    return pd.DataFrame(columns, copy=False)


def _month(
    model: SegmentModel,
    history: TableHistory,
    position: int,
    day: date,
    compared: tuple[str, ...],
    conditions: NamedConditions,
    written: WrittenMonths,
    previous: pd.Series[str] | None,
) -> pd.DataFrame:
    """The rows of one month end, by customer; previous : the segments at the one before, None to ignore them."""
    frame = history.vectors(AsOf.at(day, history.settings.time_zone)).frame
    as_written = written.of(position, frame.index)
    segments = assigned(model, frame, previous) if as_written is None else as_written
    month = pd.DataFrame({SEGMENT: segments, **texts(frame, compared, history.contract)})
    month = month.assign(**condition_texts(frame, conditions))
    month.insert(0, POSITION, position)
    return month


def _made_from(
    settings: Settings,
    base: Path,
    model: SegmentModel,
    history: TableHistory,
    ends: MonthEnds,
    compared: tuple[str, ...],
    without_previous: frozenset[int],
    conditions: NamedConditions,
) -> dict[str, object]:
    return {
        "model": model.digest,
        "sources": settings.sources.model_dump(mode="json"),
        "features": settings.features.model_dump(mode="json"),
        "dates": [day.isoformat() for day in ends.dates],
        "compared": compared,
        "alone": sorted(without_previous),
        "conditions": conditions.texts,
        "fingerprints": fingerprints(settings.sources, base, history.opened),
    }


def ends_without_previous(ends: MonthEnds, as_of: AsOf, short_history: Mapping[int, str]) -> frozenset[int]:
    """The positions at which nobody stays in the segment of the month end before.

    That month end has a short history, or the position is the moment of the cards, which were counted without it.
    """
    return _of_the_cards(ends, as_of) | {position + 1 for position in short_history}


def _of_the_cards(ends: MonthEnds, as_of: AsOf) -> frozenset[int]:
    """The positions of the moment that the cards describe."""
    return frozenset(at for at, day in enumerate(ends.dates) if datetime.combine(day, time.min) == as_of.local)


def trained_until(settings: Settings, model: SegmentModel) -> datetime | None:
    """The as-of moment of the training, on the wall clock of the business; None for a model without one."""
    text = model.provenance.get("as_of")
    if text is None:
        return None
    moment = date.fromisoformat(text) if len(text) == len("2026-07-01") else datetime.fromisoformat(text)
    return AsOf.at(moment, settings.features.time_zone).local


def membership_notes(
    ends: MonthEnds,
    not_assignable: Mapping[int, int],
    short_history: Mapping[int, str],
    history: TableHistory,
    compared: tuple[str, ...],
    conditions: NamedConditions,
) -> tuple[str, ...]:
    """What was assumed of a membership. not_assignable : how many customers are, at the positions where any is."""
    notes = [
        "who was in which segment is computed by today's model, from the rows before each month end; a customer on a "
        "border stays in the segment of the month before, where that month can be compared; at the as-of moment the "
        "segments are those of the cards"
    ]
    if short_history:
        first, last = ends.month_before(min(short_history)), ends.month_before(max(short_history))
        which = f"the end of {last}" if first == last else f"the ends of {first} to {last}"
        notes.append(
            f"{which} cannot be compared with the rest, because the tables reach less far back than in training "
            f"({short_history[max(short_history)]}); charts draw them striped or hollow"
        )
    if not_assignable:
        worst = max(sorted(not_assignable), key=lambda position: not_assignable[position])
        notes.append(
            "customers are not assignable where they lack a value that every training customer had; most are at the "
            f"end of {ends.month_before(worst)}: {counted(not_assignable[worst], 'customer')}"
        )
    undated = [name for name in compared if name in history.undated]
    for remark in dict.fromkeys(history.undated[name] for name in undated):
        names = [name.replace("_", " ") for name in undated if history.undated[name] == remark]
        notes.append(f"{', '.join(names)}: {remark}")
    return (*notes, *undated_notes(conditions, history))


def undated_notes(conditions: NamedConditions, history: TableHistory) -> tuple[str, ...]:
    """Which conditions read columns whose past is not known."""
    return tuple(
        f"the condition {name} reads {column}: {history.undated[column]}"
        for name, condition in conditions.by_name.items()
        for column in sorted(condition.columns)
        if column in history.undated
    )
