"""The map of customers: a path of dots a segment, and its letter beside them, where it covers as few dots as can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting.content.report_content import MapContent

MOST_DRAWN = 3_000
MARGIN = 20  # per mille of the side
LETTER = np.array([35.0, 32.0])  # half the width and height of a letter on a phone, per mille of the side
STEP = 20.0  # per mille between the places that are looked at for a letter
NEAR = 70.0  # per mille: a letter that is farther from the dots of its segment stands for nothing
PER_DOT = 40.0  # per mille: so much farther from the middle a letter goes for each dot that it does not cover

Places = NDArray[np.float64]  # (n, 2): across and down, per mille of the side


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
    listed: dict[int, list[tuple[int, int]]] = {}
    for row in rows:
        place = (_inside(content.across[row]), 1_000 - _inside(content.up[row]))
        listed.setdefault(content.segment[row], []).append(place)
    of_segment = {position: np.array(listed[position], dtype=np.float64) for position in sorted(listed)}
    letters = _letters(of_segment)
    return tuple(
        Island(
            position,
            "".join(f"M{across} {down}h0" for across, down in listed[position]),
            round(across / 10, 1),
            round(down / 10, 1),
        )
        for position, (across, down) in letters.items()
    )


def _inside(place: int) -> int:
    return round(MARGIN + place * (1_000 - 2 * MARGIN) / 1_000)


def _letters(of_segment: Mapping[int, Places]) -> dict[int, tuple[float, float]]:
    """Where the letter of each segment stands.

    Of the places near its dots, nearer than to those of any other segment and clear of the letters before it, the one
    that covers few dots and lies near the middle of its own (`PER_DOT`); without any the clear one nearest to it.
    """
    if not of_segment:
        return {}
    dots = np.concatenate(list(of_segment.values()))
    owners = np.repeat(list(of_segment), [len(own) for own in of_segment.values()])
    grid = _grid()
    nearest, distance, covered = _dots_around(grid, dots)
    settled: dict[int, tuple[float, float]] = {}
    clear = np.ones(len(grid), dtype=bool)
    for position, own in of_segment.items():
        middle = np.median(own, axis=0)
        place = middle
        if position >= 0 and clear.any():  # the unassigned have no letter
            near = clear & (owners[nearest] == position) & (distance <= NEAR)
            cost = np.hypot(*(grid - middle).T) + PER_DOT * covered * near.any()
            place = grid[np.where(near if near.any() else clear, cost, np.inf).argmin()]
            clear &= (np.abs(grid - place) >= 2 * LETTER).any(axis=1)
        settled[position] = (float(place[0]), float(place[1]))
    return settled


def _grid() -> Places:
    """The places at which a letter can stand, wholly on the map."""
    across, down = (np.arange(half, 1_000 - half, STEP) for half in LETTER)
    return np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)


def _dots_around(grid: Places, dots: Places) -> tuple[NDArray[np.intp], Places, NDArray[np.int64]]:
    """Of each place of a grid: its nearest dot, how far that is, and how many dots a letter would cover."""
    nearest, distance, covered = [], [], []
    for place in grid:
        away = np.abs(dots - place)
        straight = np.hypot(away[:, 0], away[:, 1])
        nearest.append(int(straight.argmin()))
        distance.append(float(straight.min()))
        covered.append(int((away <= LETTER).all(axis=1).sum()))
    return np.array(nearest, dtype=np.intp), np.array(distance), np.array(covered, dtype=np.int64)
