"""Whether new segments are clearly better than those of the serving model, by the evidence of both verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from segment_model.errors import counted
from training.evaluation.bootstrap_recovery import RECURRING
from training.evaluation.verdict import Verdict

MORE_PARTED = 0.25  # share of the pairs of neighbours that a gap parts
MORE_RECOVERED = 0.15  # Jaccard similarity of the least steady segment; resamples differ by less
AS_RECOVERED = 0.10
FINER = 1.5  # times the number of segments


@dataclass(frozen=True)
class Evidence:
    """What the verdict on a candidate rests on.

    recovered : the least mean Jaccard similarity of a segment under resampling. gaps : the number of the `pairs` of
    neighbouring segments that a gap parts.
    """

    segments: int
    recovered: float
    gaps: int
    pairs: int

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        """The evidence in a verdict."""
        recovered, pairs = verdict.evidence["recovered"], verdict.evidence["pairs"]
        return cls(len(recovered), min(recovered), sum(pair["gap"] for pair in pairs), len(pairs))

    @property
    def parted(self) -> float:
        """The share of the pairs that a gap parts; 0 without pairs."""
        return self.gaps / self.pairs if self.pairs else 0.0

    @property
    def is_steady(self) -> bool:
        """Whether every segment is found again."""
        return self.recovered >= RECURRING


def clearly_better(new: Evidence, old: Evidence) -> str:
    """Why the new segments are clearly better, in words; empty where they are not.

    They are where gaps part clearly more of them, or every segment is found again clearly more surely, or where they
    are clearly finer and as steady; and where nothing of these is clearly worse.
    """
    more_parted = new.parted - old.parted
    is_steadier = new.is_steady and new.recovered - old.recovered >= MORE_RECOVERED
    is_as_steady = new.is_steady or new.recovered >= old.recovered - AS_RECOVERED
    if more_parted >= MORE_PARTED and is_as_steady:
        return _compared(new, old)
    if more_parted <= -MORE_PARTED:
        return ""
    if is_steadier and (new.segments >= old.segments or not old.is_steady):
        return _compared(new, old)
    if new.is_steady and new.segments >= FINER * old.segments:
        return _compared(new, old)
    return ""


def _compared(new: Evidence, old: Evidence) -> str:
    """The figures of both in words."""
    return (
        f"{counted(new.segments, 'segment')} against {old.segments}, the least steady found again to "
        f"{new.recovered:.2f} against {old.recovered:.2f}, gaps between {new.gaps} of {counted(new.pairs, 'pair')} of "
        f"neighbours against {old.gaps} of {old.pairs}"
    )
