"""Customers who stand for a segment: those nearest to its centre, and the one nearest to its border."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

MOST = 5


@dataclass(frozen=True, slots=True)
class Representatives:
    """typical : ids of customers of a segment, the most typical first. border : the id of the customer whom the least
    change would move to `border_segment`; missing where the segment has no neighbour, or nobody beside the typical."""

    segment: str
    typical: tuple[object, ...]
    border: object | None
    border_segment: str | None


def representatives(assigned: pd.DataFrame, most: int = MOST) -> tuple[Representatives, ...]:
    """Up to `most` customers of each segment, by `segment_id`, `strength` and `runner_up_id` of `SegmentModel.assign`.

    assigned : one row a customer, indexed by id. Strength is 1 at the centre and 0 on the border; of equal ones the
    first by id comes first. Unassigned customers and novel ones, where a column `novel` says so, stand for nobody.
    """
    usable = assigned[assigned.segment_id.notna()]
    if "novel" in usable:
        usable = usable[~usable.novel.astype(bool)]
    ordered = usable.rename_axis("id").reset_index().sort_values(["strength", "id"], ascending=[False, True])
    chosen = []
    for segment, own in ordered.groupby("segment_id", sort=True):
        typical, others = own.head(most), own.iloc[most:]
        with_neighbour = others[others.runner_up_id.notna()]
        border = with_neighbour.iloc[-1] if len(with_neighbour) else None
        chosen.append(
            Representatives(
                str(segment),
                tuple(typical.id),
                None if border is None else border.id,
                None if border is None else str(border.runner_up_id),
            )
        )
    return tuple(chosen)
