"""The ladder takes the finest division whose every segment is found again, and none where a cloud is round."""

from __future__ import annotations

import numpy as np
import pytest

from segment_model.encoding.encoder import Floats
from training.candidates.candidate import NoSegmentsError
from training.candidates.kmeans import KMeansSpec
from training.continuum.climb import climb
from training.continuum.found_again import Division
from training.continuum.ladder import Ladder

STARTS = 3


def divisions(points: Floats, most: int = 4, seed: int = 0) -> list[Division]:
    made: list[Division] = []
    for segments in range(2, most + 1):
        spec = KMeansSpec(segments, STARTS)
        try:
            fit = spec.fit(points, seed)
        except NoSegmentsError:
            continue
        made.append(Division(len(made), spec, fit.assigner.nearest(np.ascontiguousarray(points.T)).segment, segments))
    return made


def ladder_on(points: Floats, most: int = 4, seed: int = 0) -> Ladder:
    return climb(divisions(points, most, seed), points)


def line(customers: int = 600) -> Floats:
    return np.random.default_rng(1).uniform(size=(customers, 1))


def round_cloud(customers: int = 600) -> Floats:
    return np.random.default_rng(1).normal(size=(customers, 3))


def blocks() -> Floats:
    """A continuum in one direction, within which two pieces of either half are denser."""
    generator = np.random.default_rng(1)
    return np.concatenate([generator.normal(centre, 1.0, size=(200, 1)) for centre in (0.0, 2.5, 7.0, 9.5)])


@pytest.fixture(scope="module")
def ladder_on_blocks() -> Ladder:
    return ladder_on(blocks())


def test_a_line_is_divided_as_finely_as_asked() -> None:
    ladder = ladder_on(line())
    assert [rung.steady for rung in ladder.rungs] == [True, True, True]
    assert ladder.chosen is ladder.rungs[-1]
    assert ladder.beside(ladder.rungs[-1].position).startswith("also steady: 2 (0.")
    assert [union.segments for union in ladder.unions] == [2, 3]


def test_a_round_cloud_has_no_steady_division() -> None:
    ladder = ladder_on(round_cloud())
    assert ladder.chosen is None
    assert ladder.reason == ""
    assert ladder.beside(-1).startswith("not: 2 (0.")


def test_the_finest_steady_division_is_chosen_past_an_unsteady_one(ladder_on_blocks: Ladder) -> None:
    """Four pieces in two pairs: three segments could divide either pair, and four are found again."""
    assert [rung.steady for rung in ladder_on_blocks.rungs] == [True, False, True]
    assert ladder_on_blocks.chosen is ladder_on_blocks.rungs[-1]


def test_two_climbs_are_the_same(ladder_on_blocks: Ladder) -> None:
    assert ladder_on(blocks()) == ladder_on_blocks


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_another_seed_chooses_the_same_number(seed: int) -> None:
    chosen = ladder_on(blocks(), seed=seed).chosen
    assert chosen is not None
    assert chosen.segments == 4


def test_nothing_to_climb() -> None:
    ladder = climb([], line())
    assert ladder == Ladder((), None)
    assert ladder.beside(0) == ""


def test_identical_customers_but_one() -> None:
    """The resamples that leave out the odd one have no segments."""
    points = np.zeros((30, 2))
    points[0] = 1.0
    ladder = ladder_on(points)
    assert [rung.segments for rung in ladder.rungs] == [2]
    assert ladder.chosen is None


def test_a_table_of_twenty_customers() -> None:
    ladder = ladder_on(line(20), most=12)
    assert len(ladder.rungs) == 11
    assert ladder.rungs[-1].prediction_strength == 0
