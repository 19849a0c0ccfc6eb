"""What a retrain changed since the last champion: which segments are kept, new, ended or split, and whom it moved.

Three sizes of a segment tell apart why it grew: when the last champion was made, today's customers by the last
champion (customers changed), and today's customers by the new model (the model changed).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from reporting.content.report_content import Arrival, SegmentChange, WhatChanged
from segment_model.contract import Column
from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import ContractError, counted
from segment_model.model import SegmentModel
from training.incumbent.assignments import assign_vectors
from training.money_columns import adds_up
from training.succession.comparison import Comparison, compare
from training.succession.succession import Fate

ENDED = "ended"
LEAST_ARRIVAL = 0.01  # of a segment's customers; fewer from one segment are not shown


def what_changed(incumbent: SegmentModel, model: SegmentModel, frame: pd.DataFrame) -> WhatChanged:
    """What became of the segments of `incumbent` in `model`, whose lineage says which continue which.

    frame : today's vectors, on which `model` was trained. If the incumbent cannot read them, only the sizes of each
    model's training are known, and a note says why.
    """
    lineage = model.provenance.get("lineage", {})
    comparison: Comparison | None = None
    try:
        comparison = compare(incumbent, model, frame)
        notes = _left_out(comparison)
    except ContractError as error:
        notes = [f"the last champion cannot read today's customers: {error}"]
    column = _money_column(model.contract.columns)
    sizes = _sizes(incumbent, model, frame, column) if comparison is not None else {}
    fates = {entry["id"]: entry for entry in (*lineage.get("segments", ()), *lineage.get("gone", ()))}
    ids = list(dict.fromkeys([*model.ids, *incumbent.ids]))
    return WhatChanged(
        segments=tuple(_change(segment_id, incumbent, model, fates.get(segment_id, {}), sizes) for segment_id in ids),
        compared=0 if comparison is None else comparison.customers,
        reassigned=None if comparison is None else int(comparison.reassigned.sum()),
        money_title="" if column is None else column.title,
        money_unit="" if column is None else column.unit,
        notes=tuple(notes),
    )


def _left_out(comparison: Comparison) -> list[str]:
    unread = counted(comparison.unread, "customer")
    return [f"not compared: {unread}, who lack a value that one of the models needs"] if comparison.unread else []


def _money_column(columns: Sequence[Column]) -> Column | None:
    return next((column for column in columns if adds_up(column)), None)


def _sizes(
    incumbent: SegmentModel, model: SegmentModel, frame: pd.DataFrame, column: Column | None
) -> dict[str, dict[str, float]]:
    """By "old" and "new", then by segment id: today's customers, and under "old money" and "new money" their money."""
    amounts = None if column is None or column.name not in frame else frame[column.name].fillna(0).to_numpy(np.float64)
    sizes: dict[str, dict[str, float]] = {}
    for word, each in (("old", incumbent), ("new", model)):
        segment = assign_vectors(each, frame).segment
        sizes[word] = _by_id(each, segment, np.ones(len(segment)))
        if amounts is not None:
            sizes[f"{word} money"] = _by_id(each, segment, amounts)
    return sizes


def _by_id(model: SegmentModel, segment: Indices, weights: Floats) -> dict[str, float]:
    own = segment >= 0
    sums = np.bincount(segment[own], weights=weights[own], minlength=len(model.ids))
    return dict(zip(model.ids, map(float, sums), strict=True))


def _change(
    segment_id: str,
    incumbent: SegmentModel,
    model: SegmentModel,
    fate: dict[str, Any],
    sizes: dict[str, dict[str, float]],
) -> SegmentChange:
    old_cards = {card.id: card for card in incumbent.cards}
    new_cards = {card.id: card for card in model.cards}
    card = new_cards.get(segment_id) or old_cards[segment_id]

    def size(word: str) -> int | None:
        return None if segment_id not in sizes.get(word, {}) else int(sizes[word][segment_id])

    return SegmentChange(
        id=segment_id,
        name=card.name,
        fate=_fate(segment_id, fate, old_cards, new_cards),
        size_then=old_cards[segment_id].size if segment_id in old_cards else None,
        size_old=size("old"),
        size_new=size("new") if sizes else new_cards[segment_id].size if segment_id in new_cards else None,
        money_old=sizes.get("old money", {}).get(segment_id),
        money_new=sizes.get("new money", {}).get(segment_id),
        arrivals=tuple(
            Arrival(str(tie["id"]), int(tie["customers"]))
            for tie in (fate.get("ties", ()) if segment_id in new_cards else ())
            if tie["id"] != segment_id and tie["of_new"] >= LEAST_ARRIVAL
        ),
    )


def _fate(segment_id: str, fate: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> str:
    """The fate in a word: of a segment that is split or merged that, else whether its id goes on."""
    if segment_id not in new:
        return ENDED if fate.get("fate") in (None, Fate.RETIRED, Fate.KEPT) else str(fate["fate"])
    if fate.get("fate") in (Fate.SPLIT, Fate.MERGED):
        return str(fate["fate"])
    return str(Fate.KEPT if segment_id in old else Fate.NEW)
