"""What a retrain changed: the size and money of each segment before and after, and how customers flow between them.

Three sizes tell two causes apart. Between the champion's training and the champion applied to today's customers, these
changed by themselves; between that and the new model on the same customers, the model moved them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segment_model.contract import Column
from segment_model.encoding.encoder import Indices
from segment_model.errors import ContractError
from segment_model.model import SegmentModel
from training.incumbent.assignments import assign_vectors
from training.succession.comparison import NO_SEGMENT

ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SegmentChange:
    """One segment of either model; the last stands for the unassigned, whose `id` and `fate` are empty.

    fate : as of the lineage, "ended" where the new model has no such id. trained : customers when the champion was
    trained. before, after : customers of today by the champion and by the new model; None: the model has no such
    segment, or the champion cannot read today's vectors. money_before, money_after : theirs.
    """

    id: str
    name: str
    fate: str
    trained: int | None
    before: int | None
    after: int | None
    money_before: float | None = None
    money_after: float | None = None


@dataclass(frozen=True)
class WhatChanged:
    """A retrain of n customers beside its champion.

    compared : the customers whom both models can read. stayed, moved : how many of these keep the id of their segment,
    and how many the new model puts elsewhere. flow : from, to (names), customers, share_of_from; largest first. money :
    the column of money that is shown. objection : why the champion cannot be asked, or empty; then nobody is compared.
    """

    customers: int
    compared: int
    stayed: int
    moved: int
    segments: tuple[SegmentChange, ...]
    flow: pd.DataFrame
    money: Column | None = None
    objection: str = ""


FLOW = ("from", "to", "customers", "share_of_from")


def what_changed(
    model: SegmentModel, champion: SegmentModel, frame: pd.DataFrame, money: Column | None = None
) -> WhatChanged:
    """Compare a retrain, whose provenance holds its lineage, with the champion that it continues.

    frame : the vectors that the new model was trained on. money : a column of them whose totals mean something.
    """
    after = assign_vectors(model, frame)
    try:
        before = assign_vectors(champion, frame, model.contract.columns)
    except ContractError as error:
        nobody = np.full(len(frame), -2, dtype=np.intp)
        segments = _segments(model, champion, nobody, after.segment, None, asked=False)
        return WhatChanged(len(frame), 0, 0, 0, segments, pd.DataFrame(columns=list(FLOW)), None, str(error))
    both = before.readable & after.readable
    ids_before, ids_after = np.array([*champion.ids, ""]), np.array([*model.ids, ""])
    same = ids_before[before.segment[both]] == ids_after[after.segment[both]]
    amounts = None if money is None else frame[money.name].to_numpy(dtype=np.float64)
    return WhatChanged(
        customers=len(frame),
        compared=int(both.sum()),
        stayed=int(same.sum()),
        moved=int((~same).sum()),
        segments=_segments(
            model,
            champion,
            np.where(before.readable, before.segment, -2),
            np.where(after.readable, after.segment, -2),
            amounts,
        ),
        flow=_flow(champion, model, before.segment[both], after.segment[both]),
        money=money,
    )


def _segments(
    model: SegmentModel,
    champion: SegmentModel,
    before: Indices,
    after: Indices,
    amounts: np.ndarray[tuple[int], np.dtype[np.float64]] | None,
    asked: bool = True,
) -> tuple[SegmentChange, ...]:
    """The new segments in the model's order, then the ended ones, then the unassigned where any are.

    before, after : (n,) positions, -1 unassigned, -2 not readable by the model. amounts : (n,) money of the customers.
    """
    lineage = model.provenance["lineage"]
    fates = {entry["id"]: entry["fate"] for entry in lineage["segments"]}
    names = {card.id: card.name for card in (*champion.cards, *model.cards)}
    ids = [*model.ids, *(segment_id for segment_id in champion.ids if segment_id not in model.ids)]
    trained = {card.id: card.size for card in champion.cards}

    def size_and_money(segment: Indices, position: int | None) -> tuple[int | None, float | None]:
        if position is None or (segment is before and not asked):
            return None, None
        here = segment == position
        return int(here.sum()), None if amounts is None else float(np.nansum(amounts[here]))

    changes = []
    for segment_id in [*ids, *([""] if (before == -1).any() or (after == -1).any() else [])]:
        positions = [
            -1 if not segment_id else owner.ids.index(segment_id) if segment_id in owner.ids else None
            for owner in (champion, model)
        ]
        (size_before, money_before), (size_after, money_after) = (
            size_and_money(before, positions[0]),
            size_and_money(after, positions[1]),
        )
        changes.append(
            SegmentChange(
                id=segment_id,
                name=names.get(segment_id, NO_SEGMENT),
                fate=fates.get(segment_id, ENDED) if segment_id else "",
                trained=trained.get(segment_id),
                before=size_before,
                after=size_after,
                money_before=money_before,
                money_after=money_after,
            )
        )
    return tuple(changes)


def _flow(champion: SegmentModel, model: SegmentModel, before: Indices, after: Indices) -> pd.DataFrame:
    pairs = pd.DataFrame({"old": before, "new": after}).value_counts().reset_index(name="customers")
    sizes = np.bincount(before + 1, minlength=len(champion.ids) + 1)
    flow = pd.DataFrame(
        {
            "from": np.array([*champion.names, NO_SEGMENT], dtype=object)[pairs["old"].to_numpy(dtype=np.intp)],
            "to": np.array([*model.names, NO_SEGMENT], dtype=object)[pairs["new"].to_numpy(dtype=np.intp)],
            "customers": pairs["customers"],
            "share_of_from": pairs["customers"].to_numpy() / np.maximum(sizes[pairs["old"].to_numpy() + 1], 1),
        }
    )
    return flow.sort_values(["customers", "from", "to"], ascending=[False, True, True], ignore_index=True)
