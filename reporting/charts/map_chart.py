"""The map of customers: a path of dots a segment, and its letter on the median of its customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from reporting.content.report_content import MapContent

MOST_DRAWN = 3_000
MARGIN = 20  # per mille of the side
LEAST_LETTER_DISTANCE = 55


@dataclass(frozen=True, slots=True)
class Island:
    """A segment's dots (an SVG path in a square of 1,000), and where its letter stands, in percent from top left."""

    position: int
    dots: str
    left: float
    top: float


def map_chart(content: MapContent) -> tuple[Island, ...]:
    """An island for each segment with customers on the map, the unassigned (-1) first; at most 3,000 dots."""
    step = max(1, -(-len(content.segment) // MOST_DRAWN))
    rows = range(0, len(content.segment), step)
    of_segment: dict[int, list[tuple[int, int]]] = {}
    for row in rows:
        place = (_inside(content.across[row]), 1_000 - _inside(content.up[row]))
        of_segment.setdefault(content.segment[row], []).append(place)
    letters = _apart({position: _middle(dots) for position, dots in sorted(of_segment.items())})
    return tuple(
        Island(
            position,
            "".join(f"M{across} {down}h0" for across, down in of_segment[position]),
            round(across / 10, 1),
            round(down / 10, 1),
        )
        for position, (across, down) in letters.items()
    )


def _inside(place: int) -> int:
    return round(MARGIN + place * (1_000 - 2 * MARGIN) / 1_000)


def _middle(dots: Sequence[tuple[int, int]]) -> tuple[float, float]:
    return median(across for across, _ in dots), median(down for _, down in dots)


def _apart(places: dict[int, tuple[float, float]]) -> dict[int, tuple[float, float]]:
    """The places, each moved down until it is away from those before it."""
    settled: dict[int, tuple[float, float]] = {}
    for position, (across, down) in places.items():
        for _ in range(len(places)):
            near = [
                other
                for key, other in settled.items()
                if key >= 0 and abs(other[0] - across) < LEAST_LETTER_DISTANCE
                and abs(other[1] - down) < LEAST_LETTER_DISTANCE
            ]  # fmt: skip
            if not near:
                break
            down = max(other[1] for other in near) + LEAST_LETTER_DISTANCE
        settled[position] = (across, min(down, 975.0))
    return settled
