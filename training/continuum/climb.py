"""The climb of the ladder: every division of the customers is tried, and the finest steady one is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from segment_model.encoding.encoder import Floats
from training.continuum.found_again import DRAWS, FEWEST, MOST, Division, recovery_of
from training.continuum.ladder import Ladder, Rung
from training.continuum.prediction_strength import prediction_strength
from training.continuum.unions import union_of, united


def climb(divisions: Sequence[Division], points: Floats) -> Ladder:
    """The ladder of divisions of (n, width) points."""
    rungs: list[Rung] = []
    for division in sorted(divisions, key=lambda each: -each.segments):
        # a doubtful division matters, and is worth more resamples, only while no finer one is steady
        most = FEWEST if any(rung.steady for rung in rungs) else MOST
        rungs.insert(0, rung_of(division, points, most))
    steady = [rung for rung in rungs if rung.steady]
    return choose_rung(rungs, steady[-1] if steady else None, divisions, points)


def rung_of(division: Division, points: Floats, most: int = MOST) -> Rung:
    """How well the segments of a division are found again; most : resamples, as of `recovery_of`."""
    recovery = recovery_of(division, points, most)
    return Rung(
        division.position,
        division.segments,
        float(recovery.recovered.min()),
        recovery.lower,
        recovery.upper,
        recovery.resamples,
        recovery.agreement,
        prediction_strength(division.spec, points, DRAWS),
    )


def choose_rung(rungs: Sequence[Rung], chosen: Rung | None, divisions: Sequence[Division], points: Floats) -> Ladder:
    """The ladder of these rungs; the segments of the chosen one are united into as many as coarser steady ones have."""
    if chosen is None:
        return Ladder(tuple(rungs), None)
    by_position = {division.position: division for division in divisions}
    finest = by_position[chosen.position]
    steps = {max(members) + 1: members for members in united(points, finest.labels, finest.segments)}
    unions = tuple(
        union_of(steps[rung.segments], finest.labels, by_position[rung.position].labels)
        for rung in rungs
        if rung.steady and rung.segments in steps
    )
    return Ladder(tuple(rungs), chosen, unions)
