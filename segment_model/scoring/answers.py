"""Assignments of many customers as arrays, and the assignment and explanation of one customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from segment_model.array_equality import ComparedByArrays
from segment_model.display.shown_table import ShownTable, shown_as_table
from segment_model.encoding.encoder import Flags, Floats, Indices
from segment_model.errors import counted
from segment_model.explanation.name_misfits import NameMisfit
from segment_model.scoring.single_customer import Single

if TYPE_CHECKING:
    import pandas as pd

    from segment_model.explanation.explainer import Explanations


MOST_SHOWN = 10  # rows of assignments in a notebook


@shown_as_table
@dataclass(frozen=True, eq=False)
class Assignments(ComparedByArrays):
    """The segments of n customers, as arrays (n,); `nearest` and `runner_up` are positions in the model's cards.

    strength : 0 on the border between the two nearest segments, 1 at the centre of the nearest.
    distance : to the nearest segment, in encoded units. unassigned : the customer belongs to no segment (never under
    the policy "nearest"). novel : a number lies far outside what training saw. unseen_flags : (categories, n), in which
    of the category columns, `categories`, training never saw the customer's value.

    Examples
    --------
    With `model` and `customers` of the example of `segments.discover`:

    >>> model.assign_records(customers).strength.shape
    (300,)
    """

    nearest: Indices
    runner_up: Indices
    strength: Floats
    distance: Floats
    unassigned: Flags
    novel: Flags
    unseen_flags: Flags
    categories: tuple[str, ...]

    @property
    def _shown(self) -> ShownTable:
        first = range(min(len(self.nearest), MOST_SHOWN))
        rows = [
            (
                *(str(n) for n in (row, self.nearest[row], self.runner_up[row])),
                f"{self.strength[row]:.2f}",
                *("yes" if flags[row] else "" for flags in (self.unassigned, self.novel)),
            )
            for row in first
        ]
        rest = len(self.nearest) - len(rows)
        return ShownTable(
            f"Assignments of {counted(len(self.nearest), 'customer')}",
            ("row", "nearest", "runner-up", "strength", "unassigned", "novel"),
            rows,
            notes=[f"and {counted(rest, 'more row')}"] * bool(rest),
        )

    @cached_property
    def unseen(self) -> tuple[tuple[str, ...], ...]:
        """For each customer the category columns whose value training never saw."""
        if not self.unseen_flags.any():
            return ((),) * len(self.nearest)
        return tuple(
            tuple(name for name, flag in zip(self.categories, flags, strict=True) if flag)
            for flags in self.unseen_flags.T.tolist()
        )

    @classmethod
    def joined(cls, parts: Sequence[Assignments]) -> Assignments:
        """The customers of all parts, one after another."""
        if len(parts) == 1:
            return parts[0]
        names = ("nearest", "runner_up", "strength", "distance", "unassigned", "novel", "unseen_flags")
        arrays = {name: np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names}
        return cls(**arrays, categories=parts[0].categories)

    @classmethod
    def of_single(cls, single: Single) -> Assignments:
        """One valid customer: assigned, not novel, nothing unseen."""
        no = np.zeros(1, dtype=np.bool_)
        return cls(
            nearest=np.array([single.nearest]),
            runner_up=np.array([single.runner_up]),
            strength=np.array([single.strength]),
            distance=np.array([single.distance]),
            unassigned=no,
            novel=no,
            unseen_flags=np.zeros((0, 1), dtype=np.bool_),
            categories=(),
        )

    def table(self, ids: Sequence[str], names: Sequence[str], index: pd.Index[Any] | None = None) -> pd.DataFrame:
        """One row a customer, under the segments' ids and names in the model's order."""
        import pandas as pd

        of_id, of_name = pd.array(list(ids), dtype="str"), pd.array(list(names), dtype="str")
        segment = np.where(self.unassigned, -1, self.nearest) if self.unassigned.any() else self.nearest
        return pd.DataFrame(
            {
                "segment_id": of_id.take(segment, allow_fill=True),
                "segment_name": of_name.take(segment, allow_fill=True),
                "strength": self.strength,
                "runner_up_id": of_id.take(self.runner_up, allow_fill=True),
                "unassigned": self.unassigned,
                "novel": self.novel,
            },
            index=index,
        )


class Assignment(NamedTuple):
    """The segment of one customer; the fields are those of `Assignments`, with ids for positions.

    `segment_id` and `segment_name` are None where the customer is unassigned, `runner_up_id` where there is only one
    segment; `nearest_id` is always there.

    Examples
    --------
    With `model` and `customers` of the example of `segments.discover`:

    >>> assignment = model.assign_record({"spend": 21.5, "visits": 2})
    >>> assignment.segment_id in model.ids, assignment.unassigned
    (True, False)
    """

    segment_id: str | None
    segment_name: str | None
    strength: float
    runner_up_id: str | None
    nearest_id: str
    distance: float
    unassigned: bool
    novel: bool
    unseen: tuple[str, ...]

    @classmethod
    def of_single(cls, single: Single, ids: Sequence[str], names: Sequence[str]) -> Assignment:
        """A valid customer: assigned, not novel, nothing unseen."""
        nearest = ids[single.nearest]
        runner_up = None if single.runner_up < 0 else ids[single.runner_up]
        name = names[single.nearest]
        return cls(nearest, name, single.strength, runner_up, nearest, single.distance, False, False, ())

    @classmethod
    def of_first(cls, assignments: Assignments, ids: Sequence[str], names: Sequence[str]) -> Assignment:
        """The first customer's."""
        nearest, unassigned = ids[assignments.nearest[0]], bool(assignments.unassigned[0])
        return cls(
            segment_id=None if unassigned else nearest,
            segment_name=None if unassigned else names[assignments.nearest[0]],
            strength=float(assignments.strength[0]),
            runner_up_id=(*ids, None)[assignments.runner_up[0]],
            nearest_id=nearest,
            distance=float(assignments.distance[0]),
            unassigned=unassigned,
            novel=bool(assignments.novel[0]),
            unseen=assignments.unseen[0],
        )


@shown_as_table
class Explanation(NamedTuple):
    """Why one customer is nearer to the segment `toward` than to `against` (ids; the latter None if there is no other).

    score = base + the sum of the contributions, by column in the encoder's order. name_misfits : the words of the name
    of `toward` that do not hold for the customer, with the values that say so; None where the model does not know what
    the name claims: an older model, or a name that people gave.

    Examples
    --------
    With `model` and `customers` of the example of `segments.discover`:

    >>> _, why = model.explain_record({"spend": 21.5, "visits": 2})
    >>> abs(why.score - why.base - sum(why.contributions.values())) < 1e-9
    True
    """

    toward: str
    against: str | None
    base: float
    contributions: dict[str, float]
    score: float
    name_misfits: tuple[NameMisfit, ...] | None = None

    @property
    def _shown(self) -> ShownTable:
        ordered = sorted(self.contributions.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
        against = "no other segment" if self.against is None else self.against
        return ShownTable(
            f"Why {self.toward} rather than {against}: score {_signed(self.score)} = base {_signed(self.base)} + these",
            ("column", "contribution"),
            [(name, _signed(contribution)) for name, contribution in ordered],
            notes=[f"unlike most of its segment: {misfit.words}" for misfit in self.name_misfits or ()],
        )

    @classmethod
    def of_first(
        cls,
        explanations: Explanations,
        ids: Sequence[str],
        name_misfits: tuple[NameMisfit, ...] | None,
    ) -> Explanation:
        """The first customer's explanation."""
        by_column = dict(zip(explanations.columns, explanations.contributions[0].tolist(), strict=True))
        toward, against = ids[explanations.toward[0]], (*ids, None)[explanations.against[0]]
        return cls(toward, against, float(explanations.base[0]), by_column, float(explanations.score[0]), name_misfits)


def _signed(number: float) -> str:
    """A number to three decimals with its sign; what rounds to 0 is not negative."""
    return f"{round(number, 3) + 0.0:+.3f}"
