"""A refusal never shows two figures that look the same."""

from __future__ import annotations

import pytest

from training.evaluation.share_words import beside_limit


@pytest.mark.parametrize(
    ("share", "limit", "words"),
    [
        (0.0096, 0.01, ("0.96%", "1.00%")),
        (0.004, 0.01, ("0.4%", "1.0%")),
        (0.95001, 0.95, ("95.001%", "95.000%")),
        (0.5, 0.5, ("50.000000%", "50.000000%")),
    ],
)
def test_the_decimals_tell_the_share_and_the_limit_apart(share: float, limit: float, words: tuple[str, str]) -> None:
    assert beside_limit(share, limit) == words
