"""The previous segments that customers of `POST /assign` come with, and who stays there. Pure: no HTTP in here."""

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
    """The previous segment of each customer; None where nobody has one, as in most requests."""
    found = [customer.get(PREVIOUS) if type(customer) is dict else None for customer in customers]
    if not any(one is not None for one in found):
        return None
    for name, one in zip(names, found, strict=True):
        if one is not None and not (type(one) is str and 0 < len(one) <= LONGEST_ID):
            complaints.add(one, f"a text of 1 to {LONGEST_ID} characters for {PREVIOUS!r}", name)
    return found


def keep(rows: list[dict[str, Any]], model: SegmentModel, found: Assignments, previous: Sequence[str | None]) -> None:
    """Let those stay who are on the border, and say it in the rows of those who came with a previous segment."""
    # with NumPy, which a process without a model does not wait for
    from segment_model.scoring.hysteresis import apply_hysteresis

    stays = apply_hysteresis(found, previous, model.previous_positions)
    columns = zip(rows, previous, stays.positions.tolist(), stays.kept.tolist(), strict=True)
    for row, sent, place, kept in columns:
        if sent is None:
            continue
        row["kept_by_hysteresis"] = kept
        row[PREVIOUS] = None if place < 0 else model.ids[place]
        if kept:
            row["segment_id"], row["segment_name"] = model.ids[place], model.names[place]
