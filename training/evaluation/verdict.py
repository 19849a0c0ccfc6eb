"""The verdict on a discovery, with its evidence: distinct groups, slices of a continuum, or no reproducible structure.

Decisions 8 and 27 have the reasons and the measurements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from segment_model.encoding.encoder import Floats
from training.evaluation.bootstrap_recovery import DISSOLVED, RECURRING
from training.evaluation.quality import Judgement
from training.evaluation.selection import CLEAR, unsteadiness
from training.separation.gaps import PairEvidence


class VerdictKind(StrEnum):
    """The three verdicts."""

    DISTINCT = "distinct groups"
    SLICES = "stable slices of a continuum"
    NOTHING = "no reproducible structure"


@dataclass(frozen=True)
class Verdict:
    """The verdict, the reasons in words, and the numbers behind them (plain JSON values).

    remarks : what else is said of the segments, behind the reasons.
    """

    kind: VerdictKind
    reasons: tuple[str, ...]
    evidence: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        return f"{str(self.kind).capitalize()}: {'; '.join((*self.reasons, *self.remarks))}."

    def to_json(self) -> dict[str, Any]:
        """Plain values for a model's provenance."""
        return {"verdict": str(self.kind), "reasons": [*self.reasons, *self.remarks], "evidence": self.evidence}


def decide(
    judgement: Judgement,
    pairs: Sequence[PairEvidence],
    recovered: Floats,
    null_silhouettes: Floats,
    *,
    found_again: bool = False,
) -> Verdict:
    """Distinct groups: gaps that are more empty than filled part all neighbours, and segments are found again.

    They are found again on average (`RECURRING`), and none dissolves (`DISSOLVED`).

    Slices of a continuum: segments recur on average, and halves of the customers agree on them where `selection` asks
    for it. recovered : (segments,) mean Jaccard similarity of each segment under resampling. found_again : whether more
    resamples have shown already that every segment is found again; then halves need not agree.
    """
    gaps = sum(pair.gap for pair in pairs)
    least, typical = float(recovered.min()), float(recovered.mean())
    unsteady = [] if found_again else unsteadiness(judgement)
    is_clear = bool(pairs) and float(np.mean([pair.emptiness for pair in pairs])) >= CLEAR
    if gaps == len(pairs) and is_clear and typical >= RECURRING and least >= DISSOLVED:
        kind = VerdictKind.DISTINCT
    elif typical >= DISSOLVED and not unsteady:
        kind = VerdictKind.SLICES
    else:
        kind = VerdictKind.NOTHING
    reasons = [
        _gap_reason(kind, gaps, len(pairs), is_clear=is_clear),
        f"bootstrap samples recover the segments with a similarity of {typical:.2f}",
    ]
    if least < RECURRING:
        reasons[-1] += f", the least steady with {least:.2f}"
    return Verdict(kind, (*reasons, *unsteady), _evidence(judgement, pairs, recovered, null_silhouettes))


def _gap_reason(kind: VerdictKind, gaps: int, pairs: int, *, is_clear: bool) -> str:
    """What the gaps say, in words that agree with the kind.

    Gaps alone make no groups unless they are clear and every segment recurs.
    """
    if not pairs:
        return "too few customers to look for gaps between segments"
    if not gaps:
        return "no gap separates neighbouring segments" if pairs > 1 else "no gap separates the two segments"
    if gaps < pairs:
        return f"a gap separates {gaps} of {pairs} pairs of neighbouring segments, the others pass into each other"
    if kind is VerdictKind.DISTINCT:
        return "a gap separates every two neighbouring segments" if pairs > 1 else "a gap separates the two segments"
    which = "all neighbouring segments" if pairs > 1 else "the two segments"
    if not is_clear:
        return f"gaps separate {which}, but more than half of the density of either side is left in them"
    return f"gaps separate {which} of these customers, but bootstrap samples do not recover every segment"


def _evidence(
    judgement: Judgement, pairs: Sequence[PairEvidence], recovered: Floats, null_silhouettes: Floats
) -> dict[str, Any]:
    return {
        "pairs": [
            {
                "segments": list(pair.pair),
                "gap": pair.gap,
                "valley_depth": round(pair.depth, 4),
                "valley_chance": float(f"{pair.chance:.3g}"),
                "belt": round(pair.belt, 4),
            }
            for pair in pairs
        ],
        "recovered": [round(float(similarity), 4) for similarity in recovered],
        "stability": judgement.stability,
        "silhouette": judgement.silhouette,
        "silhouette_without_groups": float(np.mean(null_silhouettes)),
        "smallest_share": judgement.smallest_share,
        "unassigned_share": judgement.unassigned_share,
    }
