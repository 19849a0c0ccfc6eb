"""New segments are clearly better for a clear reason only, and never in both directions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.preference import Evidence, clearly_better

SOME = st.integers(2, 12).flatmap(
    lambda segments: st.integers(0, 20).flatmap(
        lambda pairs: st.builds(
            Evidence, st.just(segments), st.floats(0, 1), st.integers(0, max(pairs, 0)), st.just(pairs)
        )
    )
)


@given(SOME, SOME)
def test_no_two_are_better_than_each_other_and_none_than_itself(first: Evidence, second: Evidence) -> None:
    assert not (clearly_better(first, second) and clearly_better(second, first))
    assert not clearly_better(first, first)


@pytest.mark.parametrize(
    ("new", "old", "is_better"),
    [
        (Evidence(4, 0.95, 2, 4), Evidence(4, 0.78, 0, 4), True),  # gaps, and found again more surely
        (Evidence(4, 0.80, 0, 4), Evidence(4, 0.78, 0, 4), False),
        (Evidence(4, 0.80, 4, 4), Evidence(4, 0.78, 0, 4), True),
        (Evidence(4, 0.40, 4, 4), Evidence(4, 0.78, 0, 4), False),  # gaps between segments that are not found again
        (Evidence(4, 0.95, 0, 4), Evidence(4, 0.78, 2, 4), False),
        (Evidence(4, 0.60, 0, 4), Evidence(4, 0.40, 0, 4), False),  # neither is found again
        (Evidence(2, 0.99, 0, 1), Evidence(6, 0.80, 0, 9), False),  # steadier because coarser
        (Evidence(2, 0.99, 0, 1), Evidence(6, 0.50, 0, 9), True),
        (Evidence(6, 0.80, 0, 9), Evidence(2, 0.99, 0, 1), True),  # finer, and every segment is found again
        (Evidence(5, 0.80, 0, 9), Evidence(4, 0.99, 0, 6), False),  # hardly finer
        (Evidence(6, 0.70, 0, 9), Evidence(2, 0.99, 0, 1), False),
    ],
)
def test_what_is_clearly_better(new: Evidence, old: Evidence, is_better: bool) -> None:
    words = clearly_better(new, old)
    assert bool(words) == is_better
    if is_better:
        assert f"{new.segments} segments against {old.segments}" in words
