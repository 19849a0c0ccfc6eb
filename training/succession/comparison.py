"""The comparison of two model versions: which customers change segment, and whether they or the model changed.

A customer *moved* if the old model assigns the new vector to another segment than the old vector. A customer is
*reassigned* if the new model assigns the same vector to another segment than the old model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segment_model.encoding.encoder import Flags, Indices
from segment_model.errors import ContractError, counted, percent
from segment_model.model import SegmentModel
from training.incumbent.assignments import assign_vectors

NO_SEGMENT = "unassigned"


@dataclass(frozen=True)
class Stage:
    """One model's assignments at one time; segment : (n,) positions in `ids` and `names`, whose last is unassigned."""

    title: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    segment: Indices

    @property
    def sizes(self) -> Indices:
        """How many customers each segment has."""
        return np.bincount(self.segment, minlength=len(self.ids)).astype(np.intp)

    @property
    def shown(self) -> list[int]:
        """The segments that a table or picture shows: all of the model's, and the unassigned where there are any."""
        return [n for n, size in enumerate(self.sizes) if size or n < len(self.ids) - 1]


@dataclass(frozen=True)
class Comparison:
    """n customers in two stages (old model, new model), or three (first the old model on earlier vectors).

    arrived, left : numbers of customers in the later and in the earlier vectors only. unread : the number of customers
    who lack a value that one of the models needs. None of these are among the n.
    """

    stages: tuple[Stage, ...]
    arrived: int = 0
    left: int = 0
    unread: int = 0

    @property
    def customers(self) -> int:
        """How many customers are compared."""
        return len(self.stages[-1].segment)

    @property
    def moved(self) -> Flags | None:
        """(n,) whether the vector moved to another segment of the old model; None where the old vectors are unknown."""
        return differs(*self.stages[:2]) if len(self.stages) == 3 else None

    @property
    def reassigned(self) -> Flags:
        """(n,) whether the new model assigns the same vector to another segment than the old one."""
        return differs(*self.stages[-2:])

    @property
    def metrics(self) -> dict[str, float]:
        """The shares of customers, for a run."""
        shares = {"reassigned_share": float(np.mean(self.reassigned))}
        return shares if self.moved is None else {**shares, "moved_share": float(np.mean(self.moved))}

    @property
    def sentences(self) -> list[str]:
        """The comparison in words, in a few lines."""
        lines = [f"{counted(self.customers, 'customer is', 'customers are')} in both"] if self.moved is not None else []
        if self.moved is not None:
            lines.append(f"moved: {count_and_share(self.moved)}, because they changed (the old model says so)")
        lines.append(f"reassigned: {count_and_share(self.reassigned)}, because the model changed")
        if self.moved is not None:
            stayed = ~self.moved & ~self.reassigned
            lines.append(f"stayed: {count_and_share(stayed)}")
        if not set(self.stages[0].ids[:-1]) & set(self.stages[-1].ids[:-1]):
            lines.append("the two versions share no segment id: neither was retrained from the other")
        for count, what in (
            (self.arrived, "in the later vectors only"),
            (self.left, "in the earlier vectors only"),
            (self.unread, "without a value that one of the models needs"),
        ):
            if count:
                lines.append(f"not compared: {counted(count, 'customer')} {what}")
        return lines

    def flow(self) -> pd.DataFrame:
        """The flow from the first stage to the last: one row for each pair of segments with customers, largest first.

        Columns: from, to (names), customers, share_of_from (of the `from` segment), moved and reassigned (how many of
        these customers), from_id, to_id (null for the unassigned). Without earlier vectors `moved` is left out.
        """
        first, last = self.stages[0], self.stages[-1]
        moved = np.zeros(self.customers, dtype=np.bool_) if self.moved is None else self.moved
        table = pd.DataFrame(
            {"old": first.segment, "new": last.segment, "moved": moved, "reassigned": self.reassigned, "customers": 1}
        )
        sums = table.groupby(["old", "new"], as_index=False).sum()
        old, new = sums["old"].to_numpy(), sums["new"].to_numpy()
        flow = pd.DataFrame(
            {
                "from": np.array(first.names, dtype=object)[old],
                "to": np.array(last.names, dtype=object)[new],
                "customers": sums["customers"],
                "share_of_from": sums["customers"].to_numpy() / np.maximum(first.sizes[old], 1),
                "moved": sums["moved"].astype(int),
                "reassigned": sums["reassigned"].astype(int),
                "from_id": [first.ids[n] or None for n in old],
                "to_id": [last.ids[n] or None for n in new],
            }
        )
        flow = flow if self.moved is not None else flow.drop(columns="moved")
        return flow.sort_values(["customers", "from", "to"], ascending=[False, True, True], ignore_index=True)


def compare(
    old: SegmentModel,
    new: SegmentModel,
    vectors: pd.DataFrame,
    vectors_before: pd.DataFrame | None = None,
    titles: tuple[str, str] = ("the old version", "the new version"),
) -> Comparison:
    """Compare the segments that two models give the same customers.

    vectors : the customers now. vectors_before : customers at an earlier time, which show who moved.

    Raises
    ------
    ContractError
        If the vectors lack a column that a model needs, or no customer can be compared.
    """
    earlier = vectors if vectors_before is None else vectors_before
    both = vectors.index[vectors.index.isin(earlier.index)]
    now, then = vectors.loc[both], earlier.loc[both]
    old_now, new_now = assign_vectors(old, now), assign_vectors(new, now)
    readings = [old_now, new_now] if vectors_before is None else [assign_vectors(old, then), old_now, new_now]
    readable = np.logical_and.reduce([reading.readable for reading in readings])
    if not readable.any():
        raise ContractError(_none_to_compare(len(vectors), len(both)))
    before, after = titles
    named = [(before, old), (after, new)] if vectors_before is None else [
        (f"earlier, by {before}", old), (f"now, by {before}", old), (f"now, by {after}", new)
    ]  # fmt: skip
    stages = tuple(
        _stage(title, model, reading.segment[readable]) for (title, model), reading in zip(named, readings, strict=True)
    )
    return Comparison(
        stages=stages,
        arrived=len(vectors) - len(both),
        left=len(earlier) - len(both),
        unread=int((~readable).sum()),
    )


def differs(before: Stage, after: Stage) -> Flags:
    """(n,) whether the customer's segment id differs between two stages; unassigned counts as an id."""
    places = {segment_id: place for place, segment_id in enumerate(before.ids)}
    same = np.array([places.get(segment_id, -1) for segment_id in after.ids], dtype=np.intp)
    return np.asarray(same[after.segment] != before.segment, dtype=np.bool_)


def _none_to_compare(customers: int, both: int) -> str:
    """Why no customer can be compared; `both` is the number of those who are in the earlier vectors too."""
    if not customers:
        return "the vectors hold no customer, so there is nothing to compare"
    if not both:
        return f"none of {counted(customers, 'customer')} is in the earlier vectors too: give both files of one shop"
    return f"none of {counted(both, 'customer')} has every value that both models need: give vectors made for them"


def count_and_share(flags: Flags) -> str:
    """The number of flagged customers and their share: "1,234 (5.6 %)"."""
    return f"{int(flags.sum()):,} ({percent(float(np.mean(flags)))})"


def _stage(title: str, model: SegmentModel, segment: Indices) -> Stage:
    unassigned = len(model.ids)
    return Stage(
        title, (*model.ids, ""), (*model.names, NO_SEGMENT), np.where(segment < 0, unassigned, segment).astype(np.intp)
    )
