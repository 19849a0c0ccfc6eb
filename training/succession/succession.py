"""Succession: a retrain's segments inherit the ids and names of the incumbent's segments that they continue.

Segments are matched by the customers whom both models assign: optimal assignment on the Jaccard index (Hennig 2007). An
id is durable: it is inherited or retired, and a retired id is never used again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from segment_model.cards import SegmentCard
from segment_model.encoding.encoder import Flags, Floats, Indices
from segment_model.errors import ContractError, counted, percent
from segment_model.explanation.name_misfits import NAME_WORDS
from segment_model.model import SegmentModel
from training.incumbent.assignments import Reading, assign_vectors
from training.incumbent.contingency import overlap
from training.profiling.profile import Population
from training.profiling.words.claims import claims_json
from training.segment_ids import fresh_id
from training.succession.inherited_names import inherit_names, inherited_claims

KEPT_JACCARD = 0.5  # Jaccard index from which an id is inherited
KEPT_MEMBERS = 0.5  # or the share of the old members, if the two segments are each other's closest
MOSTLY = 0.5  # share of a split's part that comes from its parent; share of each source that a merged segment holds
LEAST_PART = 0.1  # share of the parent in a part, or of the merged segment in a source; less is drift


class Fate(StrEnum):
    """The fate of a segment; only segments of the incumbent are `RETIRED`, only those of the new model `NEW`."""

    KEPT = "kept"
    SPLIT = "split"
    MERGED = "merged"
    NEW = "new"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Tie:
    """The customers whom a segment shares with a segment of the other model: how many, and their share of each."""

    id: str
    customers: int
    of_old: float
    of_new: float
    jaccard: float


@dataclass(frozen=True, slots=True)
class Succession:
    """The fate of a segment, with its ties to the other model's segments, largest first, and its name."""

    id: str
    fate: Fate
    ties: tuple[Tie, ...]
    name: str = ""

    @property
    def inherits(self) -> bool:
        """Whether a segment of the new model has the id of one of the incumbent."""
        return any(tie.id == self.id for tie in self.ties)


@dataclass(frozen=True)
class Lineage:
    """The descent of a retrain's segments from the incumbent's.

    incumbent : the digest of that model. generation : 2 for the first retrain, and so on. compared : how many of the
    `customers` both models assign. readable : how many the incumbent can read. reassigned : how many of these the new
    model assigns to a segment of another id. segments : the new segments by their final ids, in the model's order.
    gone : the incumbent's segments whose id no new segment inherits. retired_ids : every id that was ever retired in
    this line of models. objection : why the incumbent cannot read the vectors, or empty.
    """

    incumbent: str
    generation: int
    customers: int
    compared: int
    readable: int
    reassigned: int
    segments: tuple[Succession, ...]
    gone: tuple[Succession, ...]
    retired_ids: tuple[str, ...]
    objection: str = ""

    @property
    def summary(self) -> str:
        """The fates in a line: "4 kept, 1 new, 1 retired"."""
        fates = [segment.fate for segment in (*self.segments, *self.gone)]
        counts = ", ".join(f"{fates.count(fate)} {fate}" for fate in Fate if fate in fates)
        return f"{counts} (the incumbent cannot be asked: {self.objection})" if self.objection else counts

    @property
    def sentences(self) -> list[str]:
        """Who is kept, new and ended, and how many customers are reassigned, a line each."""
        groups = {
            "kept": [segment for segment in self.segments if segment.inherits],
            "new": [segment for segment in self.segments if not segment.inherits],
            "ended": list(self.gone),
        }
        lines = [f"{what}: {', '.join(map(_in_words, segments)) or 'none'}" for what, segments in groups.items()]
        if self.objection:
            return [*lines, f"the incumbent cannot be asked: {self.objection}"]
        share = self.reassigned / max(self.readable, 1)
        lines.append(f"reassigned: {self.reassigned:,} of {counted(self.readable, 'customer')} ({percent(share)})")
        return lines

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the thresholds that were used."""
        thresholds = {
            "kept_jaccard": KEPT_JACCARD,
            "kept_members": KEPT_MEMBERS,
            "mostly": MOSTLY,
            "least_part": LEAST_PART,
        }
        plain: dict[str, Any] = _plain(asdict(self))
        return {**plain, "summary": self.summary, "sentences": self.sentences, "thresholds": thresholds}


def succeed(
    new: SegmentModel, incumbent: SegmentModel, frame: pd.DataFrame, population: Population | None = None
) -> tuple[SegmentModel, Lineage]:
    """The new model with the ids and names of the incumbent's segments that it continues, and the lineage.

    frame : (n rows) the customer vectors that the new model was trained on. If the incumbent cannot read them, for
    instance because they lack a column, every segment is new, and the lineage says why. population : as in
    `inherit_names`.
    """
    before = incumbent.provenance.get("lineage", {})
    try:
        reading = assign_vectors(incumbent, frame, new.contract.columns)
        objection = ""
    except ContractError as error:
        reading = Reading(np.full(len(frame), -1, dtype=np.intp), np.zeros(len(frame), dtype=np.bool_))
        objection = str(error)
    old, now = reading.segment, assign_vectors(new, frame).segment
    counts = overlap(old, now, (len(incumbent.ids), len(new.ids)))
    heir = inherited(counts)
    forbidden = {*before.get("retired_ids", ()), *incumbent.ids}
    ids = _ids(new, incumbent, heir, forbidden)
    cards = _cards(new, incumbent, heir, ids, frame, now, population)
    names = [incumbent.overlay[card.id].name if card.id in incumbent.overlay else card.name for card in cards]
    old_fates, new_fates = fates(counts, heir)
    gone = [position for position in range(len(incumbent.ids)) if position not in heir]
    lineage = Lineage(
        incumbent=incumbent.digest,
        generation=int(before.get("generation", 1)) + 1,
        customers=len(frame),
        compared=int(counts.sum()),
        readable=int(reading.readable.sum()),
        reassigned=int(np.sum(reading.readable & are_reassigned(old, now, heir))),
        segments=tuple(
            Succession(ids[n], new_fates[n], _ties(counts, incumbent.ids, new=n), names[n]) for n in range(len(ids))
        ),
        gone=tuple(
            Succession(incumbent.ids[o], old_fates[o], _ties(counts, ids, old=o), incumbent.names[o]) for o in gone
        ),
        retired_ids=(*before.get("retired_ids", ()), *(incumbent.ids[position] for position in gone)),
        objection=objection,
    )
    claims = _claims(new, cards, frame, population)
    provenance = {**new.provenance, "lineage": lineage.to_json(), NAME_WORDS: claims}
    return replace(new, discovered_cards=cards, provenance=provenance), lineage


def _cards(
    new: SegmentModel,
    incumbent: SegmentModel,
    heir: list[int],
    ids: list[str],
    frame: pd.DataFrame,
    now: Indices,
    population: Population | None,
) -> tuple[SegmentCard, ...]:
    """The cards of the new model with their final ids, and the names that are still true."""
    former = [incumbent.discovered_cards[old] if old >= 0 else None for old in heir]
    overlay = incumbent.overlay
    custom = {place: overlay[segment_id].name for place, segment_id in enumerate(ids) if segment_id in overlay}
    cards = inherit_names(new.discovered_cards, former, new.contract, frame, now, custom, population)
    return tuple(replace(card, id=segment_id) for card, segment_id in zip(cards, ids, strict=True))


def _claims(
    new: SegmentModel, cards: tuple[SegmentCard, ...], frame: pd.DataFrame, population: Population | None
) -> dict[str, Any]:
    """By final id, what the words of each card's name claim; of an inherited name as of today's customers."""
    anew = inherited_claims(cards, new.discovered_cards, new.contract, frame, population)
    stored = new.provenance.get(NAME_WORDS, {})
    fresh = {card.id: stored[own] for card, own in zip(cards, new.ids, strict=True) if own in stored}
    renamed = {cards[position].id: claims for position, claims in anew.items()}
    known = claims_json({segment_id: claims for segment_id, claims in renamed.items() if claims is not None})
    return {segment_id: own for segment_id, own in fresh.items() if segment_id not in renamed} | known


def inherited(counts: Indices) -> list[int]:
    """For each new segment, the position of the old one whose id it inherits, or -1.

    counts : (old, new) the numbers of shared customers. If no segment inherits the id of a split one by likeness, the
    largest of its parts that inherit no other id does.
    """
    alike, of_old, _ = likeness(counts)
    heir = np.full(counts.shape[1], -1, dtype=np.intp)
    for old, new in zip(*linear_sum_assignment(-alike), strict=True):
        closest = counts[old].argmax() == new and counts[:, new].argmax() == old
        if alike[old, new] >= KEPT_JACCARD or (closest and of_old[old, new] >= KEPT_MEMBERS):
            heir[new] = old
    for old, parts in enumerate(parts_of(counts)):
        free = [part for part in parts if heir[part] < 0]
        if old not in heir and len(parts) > 1 and free:
            heir[max(free, key=lambda part: counts[old, part])] = old
    return [int(old) for old in heir]


def are_reassigned(old: Indices, new: Indices, heir: list[int]) -> Flags:
    """Whether each customer's segment of the new model has another id than that of the old one: (n,).

    old, new : (n,) segments, -1 for none, which counts as an id. heir : as `inherited` returns it.
    """
    no_old_segment = -2
    before = np.array([*(position if position >= 0 else no_old_segment for position in heir), -1])
    return np.asarray(before[new] != old)


def fates(counts: Indices, heir: list[int]) -> tuple[list[Fate], list[Fate]]:
    """The fates of the old segments, and those of the new ones; `heir` as `inherited` returns it."""
    parts, sources = parts_of(counts), sources_of(counts)
    old_fates = [
        Fate.SPLIT
        if len(parts[old]) > 1
        else Fate.MERGED
        if any(old in merged and len(merged) > 1 for merged in sources)
        else Fate.KEPT
        if old in heir
        else Fate.RETIRED
        for old in range(counts.shape[0])
    ]
    new_fates = [
        Fate.SPLIT
        if any(new in split and len(split) > 1 for split in parts)
        else Fate.MERGED
        if len(sources[new]) > 1
        else Fate.KEPT
        if heir[new] >= 0
        else Fate.NEW
        for new in range(counts.shape[1])
    ]
    return old_fates, new_fates


def parts_of(counts: Indices) -> list[list[int]]:
    """For each old segment, the new ones most of whose customers it held, if each has at least `LEAST_PART` of it."""
    _, of_old, of_new = likeness(counts)
    chosen = (of_new > MOSTLY) & (of_old >= LEAST_PART)
    return [np.flatnonzero(row).tolist() for row in chosen]


def sources_of(counts: Indices) -> list[list[int]]:
    """For each new segment, the old ones most of whose customers it holds, if each is at least `LEAST_PART` of it."""
    _, of_old, of_new = likeness(counts)
    chosen = (of_old > MOSTLY) & (of_new >= LEAST_PART)
    return [np.flatnonzero(column).tolist() for column in chosen.T]


def likeness(counts: Indices) -> tuple[Floats, Floats, Floats]:
    """The Jaccard index of each pair, and the shared customers as a share of the old and of the new segment."""
    old, new = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    return (
        counts / np.maximum(old + new - counts, 1),
        counts / np.maximum(old, 1),
        counts / np.maximum(new, 1),
    )


def _ids(new: SegmentModel, incumbent: SegmentModel, heir: list[int], forbidden: set[str]) -> list[str]:
    """Inherited ids, and new ones that depend on the incumbent too and were never used in this line of models."""
    ids = []
    for own, old in zip(new.ids, heir, strict=True):
        chosen = incumbent.ids[old] if old >= 0 else fresh_id(f"{incumbent.digest}/{own}", forbidden)
        forbidden.add(chosen)
        ids.append(chosen)
    return ids


def _ties(counts: Indices, ids: tuple[str, ...] | list[str], old: int = -1, new: int = -1) -> tuple[Tie, ...]:
    """The ties of one segment, `old` or `new`, with the segments of the other model, whose ids are `ids`."""
    alike, of_old, of_new = likeness(counts)
    pairs = [(old, other) if old >= 0 else (other, new) for other in range(len(ids))]
    ties = [
        Tie(segment_id, int(counts[pair]), float(of_old[pair]), float(of_new[pair]), float(alike[pair]))
        for segment_id, pair in zip(ids, pairs, strict=True)
        if counts[pair]
    ]
    return tuple(sorted(ties, key=lambda tie: -tie.customers))


def _in_words(segment: Succession) -> str:
    """The name, and the fate where it is not plain: "big spenders (split)"."""
    return segment.name if segment.fate not in (Fate.SPLIT, Fate.MERGED) else f"{segment.name} ({segment.fate})"


def _plain(content: Any) -> Any:
    """Tuples as lists and enumerations as text, as JSON reads them, so that a loaded model equals the saved one."""
    if isinstance(content, Mapping):
        return {key: _plain(part) for key, part in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(part) for part in content]
    return str(content) if isinstance(content, Fate) else content
