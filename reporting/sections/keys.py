"""The key of each segment on the page: a letter, a colour and its name, by which charts and tables refer to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from reporting.colours import PALETTE, colour_ranks
from reporting.content.report_content import SegmentContent

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NOBODY_STYLE = "nobody"
WORDS = MappingProxyType(
    {
        "unassigned": "in no segment",
        "not_assignable": "not assignable",
        "everyone": "everyone",
        "joined": "joined",
        "gone": "gone",
        "left": "left",
    }
)

DASHES = MappingProxyType({"unassigned": "–", "not_assignable": "?"})


@dataclass(frozen=True, slots=True)
class Key:
    """A segment's letter (A for the first, AA after Z), the class that gives its colour, and its name."""

    id: str
    letter: str
    style: str
    name: str


class Keys:
    """The keys of a model's segments, and of what stands beside them: the unassigned, everyone."""

    def __init__(self, segments: Sequence[SegmentContent], former: Mapping[str, str] | None = None) -> None:
        ranks = colour_ranks([segment.id for segment in segments])
        self.segments = tuple(
            Key(segment.id, letter_of(position), f"c{rank % len(PALETTE)}", segment.name)
            for position, (segment, rank) in enumerate(zip(segments, ranks, strict=True))
        )
        self._by_id = {key.id: key for key in self.segments}
        self._former = dict(former or {})  # names of segments that another model had

    def __getitem__(self, segment_id: str) -> Key:
        """The key of a segment, or of what is none, which is grey and has a dash or no letter."""
        if segment_id in self._by_id:
            return self._by_id[segment_id]
        name = WORDS.get(segment_id) or self._former.get(segment_id) or segment_id
        return Key(segment_id, DASHES.get(segment_id, ""), NOBODY_STYLE, name)

    def __contains__(self, segment_id: object) -> bool:
        return segment_id in self._by_id

    def ordered(self, ids: Iterable[str]) -> list[str]:
        """The ids that are among these, in the model's order, those of no segment last."""
        present = set(ids)
        own = [key.id for key in self.segments if key.id in present]
        return [*own, *sorted(present - set(own))]


def letter_of(position: int) -> str:
    """A to Z, then AA, AB, ... as spreadsheets name their columns."""
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, len(ALPHABET))
        letters = ALPHABET[rest] + letters
    return letters
