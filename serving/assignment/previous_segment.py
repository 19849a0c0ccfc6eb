"""Hysteresis for customers of `POST /assign` who come with a previous segment. No HTTP in this module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segment_model.model import SegmentModel
    from segment_model.scoring.answers import Assignments

PREVIOUS = "previous_segment_id"


def apply_previous(
    rows: list[dict[str, Any]], model: SegmentModel, assignments: Assignments, previous: Sequence[str | None]
) -> None:
    """Apply hysteresis to the rows of customers with a previous segment, and report there what it did."""
    # imported on first use, since it imports pandas: a worker answers probes before it has loaded a model
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
