"""The climb of the ladder: every division of the customers is tried, and the finest steady one is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segment_model.encoding.encoder import Floats
from training.continuum.found_again import DRAWS, FEWEST, MOST, Division, recovery_of
from training.continuum.ladder import Ladder, Rung
from training.continuum.prediction_strength import prediction_strength
from training.continuum.unions import Union, union_of, united


def climb(divisions: Sequence[Division], points: Floats, seed: int) -> Ladder:
    """The ladder of divisions of (n, width) points."""
    rungs: list[Rung] = []
    for division in sorted(divisions, key=lambda each: -each.segments):
        # a doubtful division matters, and is worth more resamples, only while no finer one is steady
        most = FEWEST if any(rung.steady for rung in rungs) else MOST
        rungs.insert(0, _rung(division, points, seed, most))
    steady = [rung for rung in rungs if rung.steady]
    if not steady:
        return Ladder(tuple(rungs), None)
    by_position = {division.position: division for division in divisions}
    return Ladder(tuple(rungs), steady[-1], _unions(steady, by_position, points))


def _rung(division: Division, points: Floats, seed: int, most: int) -> Rung:
    recovery = recovery_of(division, points, seed, most)
    return Rung(
        division.position,
        division.segments,
        float(recovery.recovered.min()),
        recovery.lower,
        recovery.upper,
        recovery.resamples,
        recovery.agreement,
        prediction_strength(division.spec, points, DRAWS, seed),
    )


def _unions(steady: Sequence[Rung], divisions: Mapping[int, Division], points: Floats) -> tuple[Union, ...]:
    """The segments of the finest steady rung united into as many as each coarser steady one has, coarsest first."""
    chosen = divisions[steady[-1].position]
    steps = {max(members) + 1: members for members in united(points, chosen.labels, chosen.segments)}
    return tuple(
        union_of(steps[rung.segments], chosen.labels, divisions[rung.position].labels)
        for rung in steady[:-1]
        if rung.segments in steps
    )
