"""The ladder in words never shows a refused rung as if it reached the level."""

from __future__ import annotations

import json

from training.continuum.ladder import LEAST_RECOVERED, Ladder, Rung


def rung(segments: int, lower: float, agreement: float | None = 0.99) -> Rung:
    return Rung(segments - 2, segments, lower + 0.01, lower, lower + 0.02, 40, agreement, 0.5)


def test_the_sentence_of_the_issue() -> None:
    three, five, seven, nine = rung(3, 0.94), rung(5, 0.87), rung(7, 0.83), rung(9, 0.62, None)
    ladder = Ladder((three, five, seven, nine), seven)
    assert ladder.beside(seven.position) == "also steady: 3 (0.94), 5 (0.87); 9 is not (0.62)"


def test_segments_that_are_no_rung_are_beside_all() -> None:
    three = rung(3, 0.94)
    assert Ladder((three,), three).beside(12) == "steady: 3 (0.94)"


def test_several_unsteady_ones_and_none_chosen() -> None:
    ladder = Ladder((rung(2, 0.5, None), rung(3, 0.3, None)), None)
    assert ladder.beside(5) == "not: 2 (0.50), 3 (0.30)"


def test_a_rung_just_under_the_level_is_not_rounded_up_to_it() -> None:
    under = rung(4, LEAST_RECOVERED - 0.0001, None)
    assert not under.steady
    assert under.figure == "0.74"


def test_seeds_that_disagree_refuse_a_rung_and_their_figure_says_so() -> None:
    disputed = rung(6, 0.96, agreement=0.37)
    assert not disputed.steady
    assert disputed.figure == "0.37"


def test_the_record_is_plain() -> None:
    chosen = rung(3, 0.9)
    record = Ladder((rung(2, 0.95), chosen, rung(4, 0.2, None)), chosen).to_json()
    assert json.loads(json.dumps(record)) == record
    assert [entry["chosen"] for entry in record["rungs"]] == [False, True, False]
    assert record["rungs"][2]["agreement"] is None
