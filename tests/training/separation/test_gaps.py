"""What gaps confirm: groups, and how empty the gaps between them are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_model.contract import Column, Kind, VectorContract
from training.encoding import EncodedCustomers, fit_encoding
from training.separation.gaps import PairEvidence, confirmed_groups, hold_out, pairs_of
from training.settings import EncodingSettings

VALLEY, BELT = PairEvidence((0, 1), 0.001, 0.2, 1.0), PairEvidence((0, 1), 1.0, 1.0, 2.0)
NONE, TOUCHING = PairEvidence((0, 1), 0.3, 0.9, 1.0), PairEvidence((0, 1), 0.001, 0.2, 2.0, touching=True)
PAIRS = st.sampled_from([(a, b) for a in range(6) for b in range(a + 1, 6)])


def pair(between: tuple[int, int], evidence: PairEvidence) -> PairEvidence:
    return PairEvidence(between, evidence.chance, evidence.depth, evidence.belt, evidence.touching)


@pytest.mark.parametrize(
    ("evidence", "gap", "emptiness"), [(VALLEY, True, 0.8), (BELT, True, 0.75), (NONE, False, 0), (TOUCHING, False, 0)]
)
def test_a_gap_is_as_empty_as_the_density_left_in_it(evidence: PairEvidence, gap: bool, emptiness: float) -> None:
    assert evidence.gap is gap
    assert evidence.emptiness == pytest.approx(emptiness)


def test_segments_without_a_gap_between_them_are_one_group_also_by_way_of_a_third() -> None:
    pairs = [pair((0, 1), VALLEY), pair((1, 2), NONE), pair((0, 2), NONE)]
    assert confirmed_groups(pairs, 3) == 1
    assert confirmed_groups([pair((0, 1), VALLEY), pair((1, 2), NONE)], 3) == 2
    assert confirmed_groups([], 4) == 1  # too few customers to look for gaps confirm nothing


@given(st.dictionaries(PAIRS, st.booleans(), min_size=1))
def test_one_more_gap_never_confirms_fewer_groups(gaps: dict[tuple[int, int], bool]) -> None:
    pairs = [pair(between, VALLEY if gap else NONE) for between, gap in gaps.items()]
    groups = confirmed_groups(pairs, 6)
    assert 1 <= groups <= 6
    for number, each in enumerate(pairs):
        more = [*pairs[:number], pair(each.pair, VALLEY), *pairs[number + 1 :]]
        assert confirmed_groups(more, 6) >= groups


def test_groups_near_zero_do_not_hide_the_gaps_between_others() -> None:
    side = 6
    truth = np.repeat(np.arange(side**2), 60)
    places = np.stack([truth % side, truth // side], axis=1) + 0.2
    values = 1000 * np.abs(places + np.random.default_rng(5).normal(scale=0.15, size=places.shape))
    columns = VectorContract((Column("x", Kind.NUMBER), Column("y", Kind.NUMBER)))
    frame = pd.DataFrame(values, columns=["x", "y"], index=[f"customer {number}" for number in range(len(values))])
    encoder = fit_encoding(frame, columns, EncodingSettings(), {}).encoder
    held_out = hold_out(EncodedCustomers.encode(frame, columns, encoder).points, encoder, 2000, 0)
    assert len(held_out.scales) == 2  # the numbers are positive and not encoded by their logarithm
    gaps = {each.pair: each.gap for each in pairs_of(held_out, truth, truth, side**2)}
    beside = [(a, a + 1) for a in range(side**2) if (a + 1) % side] + [(a, a + side) for a in range(side**2 - side)]
    assert all(gaps[pair] for pair in beside)
