"""The ladder of a continuum: its divisions from coarse to fine, and the one that is chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.continuum.unions import Union

LEAST_RECOVERED = 0.75  # Jaccard similarity; from there Hennig (2007) calls a cluster valid and stable


@dataclass(frozen=True)
class Rung:
    """One division of the customers, and how well its segments are found again.

    position : of its candidate in the discovery. recovered : the mean Jaccard similarity, over `resamples`, of the
    segment that is found again least; lower, upper : the ends of its 90 % interval. agreement : the least Jaccard
    similarity of a segment to the divisions of other seeds; None where the resamples already refuse the rung.
    prediction_strength : that of Tibshirani and Walther (2005), which refuses nothing. has_top : whether one segment is
    that of the top spenders.
    """

    position: int
    segments: int
    recovered: float
    lower: float
    upper: float
    resamples: int
    agreement: float | None
    prediction_strength: float
    has_top: bool = False

    @property
    def label(self) -> str:
        """The number of segments in words: "7", or "6 + 1" with one for the top spenders."""
        return f"{self.segments - 1} + 1" if self.has_top else str(self.segments)

    @property
    def steady(self) -> bool:
        """Whether every segment is found again, in resamples and by other seeds."""
        return self.agreement is not None and min(self.lower, self.agreement) >= LEAST_RECOVERED

    @property
    def figure(self) -> str:
        """What decides, in words: rounded down, so that a refused rung never seems to reach the level."""
        decisive = self.lower if self.agreement is None else min(self.lower, self.agreement)
        return f"{math.floor(100 * decisive) / 100:.2f}"


@dataclass(frozen=True)
class Ladder:
    """The rungs, coarsest first, and the chosen one; None if none is steady.

    unions : of the chosen segments, one for each coarser steady rung.
    """

    rungs: tuple[Rung, ...]
    chosen: Rung | None
    unions: tuple[Union, ...] = ()

    @property
    def steady_segments(self) -> int:
        """The most segments that are found again; all customers together are 1."""
        return 1 if self.chosen is None else self.chosen.segments

    @property
    def reason(self) -> str:
        """Why the chosen rung is chosen, in words; empty if none is."""
        if self.chosen is None:
            return ""
        top = ", with the top spenders as a segment of their own" if self.chosen.has_top else ""
        return (
            f"the finest division of which every segment is found again, with a similarity of at least "
            f"{self.chosen.figure}{top}"
        )

    def beside(self, position: int) -> str:
        """The rungs in words: "also steady: 3 (0.94), 5 (0.87); 9 is not (0.62)"; empty without others.

        position : of the discovery's candidate, which is left out.
        """
        others = [rung for rung in self.rungs if rung.position != position]
        steady, unsteady = ([rung for rung in others if rung.steady is kind] for kind in (True, False))
        also = "also " if len(others) < len(self.rungs) else ""
        parts = [f"{also}steady: {_listed(steady)}"] if steady else []
        if len(unsteady) == 1:
            parts.append(f"{unsteady[0].label} is not ({unsteady[0].figure})")
        elif unsteady:
            parts.append(f"not: {_listed(unsteady)}")
        return "; ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a model's provenance."""
        return {
            "rungs": [
                {
                    "segments": rung.segments,
                    "has_top": rung.has_top,
                    "steady": rung.steady,
                    "chosen": rung is self.chosen,
                    "recovered": round(rung.recovered, 4),
                    "interval": [round(rung.lower, 4), round(rung.upper, 4)],
                    "resamples": rung.resamples,
                    "agreement": None if rung.agreement is None else round(rung.agreement, 4),
                    "prediction_strength": round(rung.prediction_strength, 4),
                }
                for rung in self.rungs
            ],
            "unions": [
                {"segments": union.segments, "members": list(union.members), "agreement": round(union.agreement, 4)}
                for union in self.unions
            ],
        }


def _listed(rungs: Sequence[Rung]) -> str:
    return ", ".join(f"{rung.label} ({rung.figure})" for rung in rungs)
