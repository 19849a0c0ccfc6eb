"""A customer on the border may stay where they were: small changes then do not send them to and fro.

The rule, which holds only where the caller sends the previous segment: who was in B, and is now nearest to A with B
second, stays in B while the strength toward A is below the margin. Strength is 0 on the border of the two and 1 in the
heart of A (`assigners.nearest`). Who belongs to no segment, or whose B is farther away than second, does not stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segment_model.encoding.encoder import Flags, Indices
from segment_model.errors import ContractError

if TYPE_CHECKING:
    from segment_model.model import SegmentModel
    from segment_model.scoring.answers import Assignments

MARGIN = 0.1
MOST = 0.5  # of a retired segment's customers must have gone to one segment for it to stand for the retired one


@dataclass(frozen=True)
class Settled:
    """Where n customers stay.

    previous : (n,) position of the segment that they were in, -1 where none was sent or the model does not know it;
    kept : (n,) true for those who stay there; their segment is `previous`, not the nearest.
    """

    previous: Indices
    kept: Flags


def settle(model: SegmentModel, found: Assignments, previous: Sequence[str | None], margin: float = MARGIN) -> Settled:
    """Say who stays; `previous` are the n segment ids that customers had, None where unknown.

    Raises
    ------
    ContractError
        If the margin is no strength, or there is not one previous segment a customer.
    """
    if not 0 <= margin <= 1:
        raise ContractError(f"the margin is {margin:g}; it is a strength, from 0 (nobody stays) to 1")
    if len(previous) != len(found.nearest):
        raise ContractError(f"{len(previous):,} previous segments for {len(found.nearest):,} customers; give one each")
    known = heirs(model)
    places = np.array([known.get(one, -1) if isinstance(one, str) else -1 for one in previous], dtype=np.intp)
    kept = (places >= 0) & (places == found.runner_up) & (found.strength < margin) & ~found.unassigned
    return Settled(places, kept)


def heirs(model: SegmentModel) -> Mapping[str, int]:
    """The position of each segment by its id, and of the segment to which most customers of a retired one went.

    Only segments that the last retrain gave up are known so; of older ones no more than the id is remembered.
    """
    places = {segment_id: place for place, segment_id in enumerate(model.ids)}
    for gone in model.provenance.get("lineage", {}).get("gone", ()):
        for tie in gone["ties"]:
            if tie["of_old"] > MOST and tie["id"] in places:
                places.setdefault(gone["id"], places[tie["id"]])
    return places


def in_order(previous: Sequence[str | None] | pd.Series, index: pd.Index | None) -> list[str | None]:
    """Previous segments as a list in the customers' order: a Series goes by its index where the customers have one.

    Raises
    ------
    ContractError
        If the Series names a customer twice.
    """
    if not isinstance(previous, pd.Series):
        return list(previous)
    if index is not None:
        if not previous.index.is_unique:
            twice = ", ".join(str(one) for one in previous.index[previous.index.duplicated()].unique()[:5])
            raise ContractError(f"a customer has one previous segment; these have more: {twice}")
        previous = previous.reindex(index)
    return [one if isinstance(one, str) else None for one in previous]


def told(model: SegmentModel, table: pd.DataFrame, settled: Settled) -> pd.DataFrame:
    """An answer of `SegmentModel.assign` with who stays: their segment, kept_by_hysteresis, previous_segment_id."""
    ids, names = pd.array([*model.ids, None], dtype="str"), pd.array([*model.names, None], dtype="str")
    before = settled.previous
    return table.assign(
        segment_id=table["segment_id"].mask(settled.kept, pd.Series(ids.take(before), table.index)),
        segment_name=table["segment_name"].mask(settled.kept, pd.Series(names.take(before), table.index)),
        kept_by_hysteresis=settled.kept,
        previous_segment_id=pd.Series(ids.take(before), table.index),
    )
