"""Marks after correction for many looks."""

from __future__ import annotations

import numpy as np

from analytics.intervals.marks import marks


def test_one_of_many_looks_must_be_surer() -> None:
    # Benjamini-Hochberg: .03 among five is corrected to .15, and .009 to .045
    assert marks([1, -1, 1, 1, 1], [0.009, 0.03, 0.9, 0.8, 0.7]).tolist() == ["above", "", "", "", ""]
    assert marks([-1], [0.03]).tolist() == ["below"]


def test_a_missing_test_is_no_look() -> None:
    assert marks([np.nan, -1.0], [np.nan, 0.04]).tolist() == ["", "below"]
    assert marks([], []).tolist() == []


def test_what_shaped_the_segments_says_nothing_new() -> None:
    assert marks([1, -1], [0.001, 0.5], defines=True).tolist() == ["defines the segment", ""]
