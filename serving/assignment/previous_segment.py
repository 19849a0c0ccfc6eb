"""The previous segments of the customers of `POST /assign`, and which customers stay there. No HTTP in this module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segment_model.model import SegmentModel
    from segment_model.scoring.answers import Assignments

PREVIOUS = "previous_segment_id"


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
