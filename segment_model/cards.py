"""Segment cards: how large a segment is, what is typical of it, what sets it apart, and what people call it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from segment_model.display.shown_table import ShownTable, shown_as_table
from segment_model.errors import ContractError, counted, percent, shown


@dataclass(frozen=True, slots=True)
class Difference:
    """What sets a segment apart in one column.

    `effect` is the segment's mean minus everyone's, in standard deviations of the column (for a category: how much
    more often the level occurs here, in the same unit). `typical` is the segment's median or commonest level,
    `overall` everyone's.
    """

    column: str
    effect: float
    typical: float | str | None
    overall: float | str | None
    words: str


@dataclass(frozen=True, slots=True)
class SegmentLabel:
    """What people call a segment; kept in the registry, keyed by segment id.

    by, at : who gave name and notes, and when (ISO time, UTC); empty where that was not recorded.

    Examples
    --------
    >>> from segments import SegmentLabel
    >>> SegmentLabel("Regulars", by="maria", at="2026-07-01T09:00Z").signature
    'maria, 2026-07-01'
    """

    name: str
    notes: str = ""
    by: str = ""
    at: str = ""

    @property
    def signature(self) -> str:
        """Who gave name and notes, and on which day: "maria, 2026-07-01"; empty where that was not recorded."""
        return ", ".join(part for part in (self.by, self.at[:10]) if part)


def checked_labels(labels: Mapping[str, SegmentLabel]) -> dict[str, SegmentLabel]:
    """The labels by segment id, if they are what a caller should have handed over.

    Raises
    ------
    ContractError
        If they are no dict, one is no label, or a name is no text.
    """
    if not isinstance(labels, Mapping):
        raise ContractError(f"overlay is a dict of labels by segment id; got {shown(labels)}")
    for segment_id, label in labels.items():
        if not isinstance(label, SegmentLabel):
            raise ContractError(
                f"overlay: {segment_id!r} is {shown(label)}, no label; write SegmentLabel({str(label)!r:.60})"
            )
        if not isinstance(label.name, str) or not label.name.strip():
            raise ContractError(f"overlay: the name of {segment_id!r} is {shown(label.name)}; expected text")
    return dict(labels)


@shown_as_table
@dataclass(frozen=True, slots=True)
class SegmentCard:
    """One segment as an analyst reads it.

    `share` is of all training customers; `medians` holds the commonest level of a category.

    Examples
    --------
    With `model` and `customers` of the example of `segments.discover`:

    >>> [card.size for card in model.cards]
    [150, 150]
    """

    id: str
    name: str
    sentence: str
    size: int
    share: float
    medians: dict[str, float | str | None]
    differences: tuple[Difference, ...] = ()
    notes: str = ""

    @property
    def typically(self) -> str:
        """The typical values of the sentence, without the size of the segment."""
        return self.sentence.partition("; typically ")[2] or "no column differs much from all customers"

    @property
    def _shown(self) -> ShownTable:
        title = f"{self.name} ({self.id}): {counted(self.size, 'customer')}, {percent(self.share)}"
        rows = [(difference.column, difference.words) for difference in self.differences]
        return ShownTable(
            title, ("column", "what sets it apart"), rows, (self.sentence,), [self.notes] * bool(self.notes)
        )

    def labelled(self, label: SegmentLabel) -> SegmentCard:
        """The card under the name and notes that people gave it."""
        return replace(self, name=label.name, notes=label.notes)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> SegmentCard:
        """The card that `to_json` wrote."""
        differences = tuple(Difference(**difference) for difference in document["differences"])
        return cls(**{**document, "differences": differences})
