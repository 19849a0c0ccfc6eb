"""Hysteresis: a customer on a border stays in the previous segment, so that small changes do not move them to and fro.

The rule applies only where the caller sends the previous segment. A customer who was in B, is now nearest to A and
has B as the runner-up stays in B while the strength toward A is below the margin. Strength is 0 on the border of A and
B and 1 at the centre of A (`assigners.nearest`). A customer who belongs to no segment, or whose B is farther away than
second, does not stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from segment_model.encoding.encoder import Flags, Indices
from segment_model.encoding.frames import is_frame, is_series
from segment_model.errors import ContractError, counted, shown

if TYPE_CHECKING:
    import pandas as pd

    from segment_model.scoring.answers import Assignments

MARGIN = 0.1
MAJORITY = 0.5  # a segment stands for a retired one if more than this share of the retired one's customers went to it


@dataclass(frozen=True)
class PreviousSegments:
    """The previous segments of n customers, and which customers stay there.

    positions : (n,) position of the previous segment, -1 where none was sent or the model does not know it.
    kept : (n,) true for customers who stay; their segment is the previous one, not the nearest.
    """

    positions: Indices
    kept: Flags


def apply_hysteresis(
    assignments: Assignments,
    previous: Sequence[str | None],
    positions: Mapping[str, int],
    margin: float = MARGIN,
) -> PreviousSegments:
    """Decide which of n customers stay in their previous segments.

    previous : n segment ids, None where unknown. positions : those of `previous_positions`.

    Raises
    ------
    ContractError
        If the margin is no strength, or there is not one previous segment a customer.
    """
    if not isinstance(margin, Real) or not 0 <= margin <= 1:
        raise ContractError(f"the margin is {shown(margin)}; it is a strength, from 0 (nobody stays) to 1")
    if len(previous) != len(assignments.nearest):
        raise ContractError(
            f"{counted(len(previous), 'previous segment')} for {counted(len(assignments.nearest), 'customer')}; "
            "give one each"
        )
    known = np.array([positions.get(p, -1) if isinstance(p, str) else -1 for p in previous], dtype=np.intp)
    is_runner_up = (known >= 0) & (known == assignments.runner_up)
    return PreviousSegments(known, is_runner_up & (assignments.strength < margin) & ~assignments.unassigned)


def previous_positions(ids: Sequence[str], lineage: Mapping[str, Any]) -> Mapping[str, int]:
    """The position of each segment by its id, and of the heir of each retired segment by the retired id.

    lineage : what the last retrain recorded. The heir is the segment to which most customers of a retired one went.
    Older retrains are not recorded, so the heirs of older segments are unknown.
    """
    positions = {segment_id: position for position, segment_id in enumerate(ids)}
    heirs = {
        retired["id"]: positions[tie["id"]]
        for retired in lineage.get("gone", ())
        for tie in retired["ties"]
        if tie["of_old"] > MAJORITY and tie["id"] in positions
    }
    return {**heirs, **positions}


def align_previous(previous: Sequence[str | None] | pd.Series, index: pd.Index | None) -> list[str | None]:
    """Previous segments as a list in the customers' order; a Series is aligned on `index`, where customers have one.

    Raises
    ------
    ContractError
        If the Series names a customer twice, or customers by text where theirs are numbers or the reverse, or previous
        segments are neither a list nor a Series.
    """
    if isinstance(previous, str):
        raise ContractError(f"previous is a list of one segment id a customer; write [{previous!r}]")
    if is_frame(previous) or isinstance(previous, Mapping) or not isinstance(previous, Iterable):
        raise ContractError(
            "previous is a list of one segment id a customer, in their order, or a Series by customer, such as "
            f"pd.Series({{'C1': 'seg-a'}}); got {type(previous).__name__}"
        )
    if not is_series(previous):
        return list(previous)
    if index is not None:
        if not previous.index.is_unique:
            twice = ", ".join(str(name) for name in previous.index[previous.index.duplicated()].unique()[:5])
            raise ContractError(f"a customer has one previous segment; these have more: {twice}")
        _check_same_names(previous.index, index)
        previous = previous.reindex(index)
    return [segment_id if isinstance(segment_id, str) else None for segment_id in previous]


def _check_same_names(previous: pd.Index, customers: pd.Index) -> None:
    """Refuse previous segments that go by the numbers of rows where customers have names, or the reverse: none fits."""
    if previous.empty or customers.empty or previous.isin(customers).any():
        return
    if isinstance(previous[0], str) != isinstance(customers[0], str):
        raise ContractError(
            f"previous goes by customer: its index has {shown(previous[0])}, and the customers have "
            f"{shown(customers[0])}. Index it by the customers' ids, or pass a list in their order: previous.tolist()"
        )


def with_previous(
    table: pd.DataFrame, previous: PreviousSegments, ids: Sequence[str], names: Sequence[str]
) -> pd.DataFrame:
    """The table of `SegmentModel.assign` with the segments of those who stay, kept_by_hysteresis and
    previous_segment_id."""
    import pandas as pd

    of_id, of_name = pd.array([*ids, None], dtype="str"), pd.array([*names, None], dtype="str")
    previous_id = pd.Series(of_id.take(previous.positions), table.index)
    return table.assign(
        segment_id=table["segment_id"].mask(previous.kept, previous_id),
        segment_name=table["segment_name"].mask(
            previous.kept, pd.Series(of_name.take(previous.positions), table.index)
        ),
        kept_by_hysteresis=previous.kept,
        previous_segment_id=previous_id,
    )
