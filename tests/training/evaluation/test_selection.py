"""Gaps count before silhouettes."""

from __future__ import annotations

import pytest

from segment_model.errors import DiscoveryError
from training.evaluation.quality import Judgement
from training.evaluation.selection import choose
from training.settings import DiscoverySettings


def judged(
    segments: int = 4, silhouette: float = 0.4, gaps: float = 0.0, belts: float = 0.0, **more: float
) -> Judgement:
    scores = {"smallest_share": 0.1, "largest_share": 0.5, "unassigned_share": 0.0, "stability": 0.9, "agreement": 1.0}
    return Judgement(
        segments=segments, silhouette=silhouette, gap_share=gaps, belt_share=belts, **{**scores, **more}
    )  # fmt: skip


def chosen(
    *judgements: Judgement, finer: tuple[tuple[int, int], ...] = (), settings: DiscoverySettings | None = None
) -> int:
    names = [str(number) for number in range(len(judgements))]
    return choose(names, judgements, settings or DiscoverySettings(), refines=lambda a, b: (a, b) in finer).chosen


def test_parted_groups_beat_better_separated_slices() -> None:
    assert chosen(judged(silhouette=0.9), judged(silhouette=0.1, gaps=1.0)) == 1
    assert chosen(judged(silhouette=0.9), judged(silhouette=0.1, gaps=0.8)) == 1
    assert chosen(judged(silhouette=0.9), judged(silhouette=0.1, gaps=0.5)) == 0


def test_of_parted_ones_the_finest_and_then_the_tightest() -> None:
    loose, tight = judged(5, 0.5, gaps=1.0, scatter=2.0), judged(5, 0.4, gaps=1.0, scatter=1.0)
    assert chosen(judged(3, 0.6, gaps=1.0), loose, tight) == 2


def test_of_parted_ones_that_are_the_same_but_for_a_few_the_best_separated() -> None:
    loose, tight = judged(5, 0.5, gaps=1.0, scatter=2.0), judged(5, 0.4, gaps=1.0, scatter=1.0)
    assert chosen(loose, tight, finer=((0, 1),)) == 0


def test_a_belted_candidate_is_left_only_for_one_that_divides_it() -> None:
    belted, finer = judged(2, 0.1, gaps=1.0, belts=1.0), judged(6, 0.5, gaps=1.0)
    assert chosen(belted, finer) == 0
    assert chosen(belted, finer, finer=((1, 0),)) == 1


def test_a_mostly_parted_candidate_has_the_more_belts_the_better() -> None:
    assert chosen(judged(silhouette=0.5, gaps=0.8, belts=0.2), judged(silhouette=0.2, gaps=0.8, belts=0.6)) == 1


def test_halves_that_disagree_refuse_gradual_segments_unless_forced() -> None:
    unsteady = judged(stability=0.2)
    with pytest.raises(DiscoveryError, match=r"^no reproducible structure"):
        chosen(unsteady)
    assert chosen(unsteady, settings=DiscoverySettings(force=True)) == 0
    assert chosen(judged(stability=0.2, gaps=1.0)) == 0
