"""Groups that gaps confirm count before silhouettes."""

from __future__ import annotations

from typing import Any

import pytest

from segment_model.errors import DiscoveryError
from training.evaluation.quality import Judgement
from training.evaluation.selection import choose
from training.settings import DiscoverySettings


def judged(segments: int = 4, silhouette: float = 0.4, groups: int = 1, **more: float) -> Judgement:
    scores = {"smallest_share": 0.1, "largest_share": 0.5, "unassigned_share": 0.0, "stability": 0.9, "agreement": 1.0}
    return Judgement(segments=segments, silhouette=silhouette, groups=groups, **{"emptiness": 0.8, **scores, **more})


def chosen(*judgements: Judgement, settings: DiscoverySettings | None = None) -> int:
    names = [str(number) for number in range(len(judgements))]
    return choose(names, judgements, settings or DiscoverySettings()).chosen


def test_confirmed_groups_beat_better_separated_slices() -> None:
    slices = judged(4, silhouette=0.9)
    assert chosen(slices, judged(4, 0.1, groups=4)) == 1
    assert chosen(slices, judged(4, 0.1, groups=3)) == 1
    assert chosen(slices, judged(4, 0.1, groups=2)) == 0  # two divisions without a gap outweigh two groups


def test_nineteen_groups_in_twenty_segments_beat_two_groups() -> None:
    assert chosen(judged(2, 0.5, groups=2), judged(20, 0.4, groups=19)) == 1


def test_of_equally_supported_candidates_the_one_with_the_emptier_gaps() -> None:
    assert chosen(judged(5, 0.6, groups=4, emptiness=0.5), judged(3, 0.4, groups=3, emptiness=0.9)) == 1
    assert chosen(judged(2, 0.6, groups=2, emptiness=0.9), judged(3, 0.4, groups=3, emptiness=0.5)) == 0


def test_customers_between_groups_who_are_left_unassigned_are_no_evidence() -> None:
    everybody, most = judged(12, 0.4, groups=12, emptiness=0.8), judged(12, 0.5, groups=12, emptiness=0.83)
    assert chosen(everybody, most) == 1
    assert chosen(everybody, judged(12, 0.5, groups=12, emptiness=0.83, unassigned_share=0.2)) == 0


def test_with_about_as_much_evidence_of_as_many_groups_the_best_separated() -> None:
    evident = judged(5, 0.4, groups=5, emptiness=0.9)
    assert chosen(evident, judged(5, 0.5, groups=5, emptiness=0.86)) == 1
    assert chosen(evident, judged(5, 0.5, groups=5, emptiness=0.84)) == 0  # under 90 % of the evidence
    assert chosen(judged(3, 0.6, groups=3), evident) == 1
    assert chosen(judged(19, 0.55, groups=19), judged(20, 0.57, groups=19)) == 1  # two segments touch


def test_the_best_separated_must_confirm_as_many_groups() -> None:
    assert chosen(judged(30, 0.4, groups=30), judged(29, 0.5, groups=29)) == 0


def test_halves_that_disagree_refuse_gradual_segments_unless_forced() -> None:
    unsteady = judged(stability=0.2)
    with pytest.raises(DiscoveryError, match=r"^no reproducible structure"):
        chosen(unsteady)
    assert chosen(unsteady, settings=DiscoverySettings(force=True)) == 0
    assert chosen(judged(stability=0.2, groups=4)) == 0


def test_without_groups_segments_that_were_found_unasked_and_again_come_before_the_silhouette() -> None:
    slices = judged(4, silhouette=0.6)
    unasked: dict[str, Any] = {"found_number": True, "recovered": 0.8, "recovered_least": 0.6, "untied": 0.6}
    assert chosen(slices, judged(2, 0.3, **unasked)) == 1
    assert chosen(slices, judged(2, 0.3, **unasked, stability=0.1)) == 1  # halves are fewer than resamples
    assert chosen(slices, judged(2, 0.3, **{**unasked, "found_number": False})) == 0  # KMeans cuts any continuum alike
    assert chosen(slices, judged(2, 0.3, **{**unasked, "recovered": 0.7})) == 0
    assert chosen(slices, judged(2, 0.3, **{**unasked, "recovered_least": 0.4})) == 0  # one segment dissolves
    assert chosen(slices, judged(2, 0.3, **{**unasked, "untied": 0.1})) == 0  # ties alone part them
    assert chosen(slices, judged(2, 0.3, **unasked, unassigned_share=0.4)) == 0
    assert chosen(slices, judged(2, 0.3, **unasked, confusion=0.05)) == 1
    assert chosen(slices, judged(2, 0.3, **unasked, confusion=0.06)) == 0  # the components pass into each other
    assert chosen(slices, judged(2, 0.3, **unasked, smallest_share=0.06)) == 0  # most customers, and a tail
    assert chosen(slices, judged(5, 0.3, **unasked, smallest_share=0.06)) == 1
    assert chosen(judged(2, 0.1, groups=2), judged(2, 0.6, **unasked)) == 0  # gaps count more


def test_segments_found_unasked_and_again_come_before_groups_whose_gaps_are_mostly_filled() -> None:
    unasked: dict[str, Any] = {"found_number": True, "recovered": 0.8, "recovered_least": 0.6, "untied": 0.6}
    filled = judged(6, 0.2, groups=4, emptiness=0.43)
    assert chosen(filled, judged(5, 0.3, **unasked)) == 1
    assert chosen(filled, judged(3, 0.6, **unasked)) == 0  # they would unite groups that gaps confirm
    assert chosen(filled, judged(5, 0.3, **{**unasked, "recovered": 0.7})) == 0
    assert chosen(judged(6, 0.2, groups=4, emptiness=0.5), judged(5, 0.3, **unasked)) == 0
