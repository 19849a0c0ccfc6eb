"""The previous segments that `POST /assign` accepts, and the hysteresis that they ask for. No HTTP in this module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from serving.contracts.requests import LONGEST_ID
from serving.wire.refusals import Complaints

if TYPE_CHECKING:
    from segment_model.model import SegmentModel
    from segment_model.scoring.answers import Assignments

PREVIOUS = "previous_segment_id"


def read_previous(customers: Sequence[Any], names: Sequence[str], complaints: Complaints) -> list[str | None] | None:
    """The previous segment of each customer; None where no customer has one, as in most requests."""
    segments = [customer.get(PREVIOUS) if type(customer) is dict else None for customer in customers]
    if not any(segment is not None for segment in segments):
        return None
    for name, segment in zip(names, segments, strict=True):
        if segment is not None and not (type(segment) is str and 0 < len(segment) <= LONGEST_ID):
            complaints.add(segment, f"a text of 1 to {LONGEST_ID} characters for {PREVIOUS!r}", name)
    return segments


def apply_previous(
    rows: list[dict[str, Any]], model: SegmentModel, assignments: Assignments, previous: Sequence[str | None]
) -> None:
    """Apply hysteresis to the rows of customers with a previous segment, and report there what it did."""
    # imported late, with NumPy, so that a process that loads no model does not wait for it
    from segment_model.scoring.hysteresis import apply_hysteresis

    stays = apply_hysteresis(assignments, previous, model.previous_positions)
    columns = zip(rows, previous, stays.positions.tolist(), stays.kept.tolist(), strict=True)
    for row, sent, position, kept in columns:
        if sent is None:
            continue
        row["kept_by_hysteresis"] = kept
        row[PREVIOUS] = None if position < 0 else model.ids[position]
        if kept:
            row["segment_id"], row["segment_name"] = model.ids[position], model.names[position]
