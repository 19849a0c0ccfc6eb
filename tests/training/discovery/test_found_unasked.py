"""Segments that nobody asked for and no gap parts: resamples say whether they are found again, and halves do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from segment_model.contract import Column, Kind, VectorContract
from tests.training.discovery.halves import Halves
from training.candidates.kmeans import KMeansSpec
from training.discovery.candidate_trial import Candidate, try_candidate
from training.discovery.found_unasked import resample_unasked
from training.encoding import EncodedCustomers, fit_encoding
from training.evaluation.quality import Judgement
from training.evaluation.selection import objections
from training.separation.gaps import hold_out
from training.settings import DiscoverySettings, EncodingSettings

CUSTOMERS = 400


@dataclass(frozen=True)
class Unasked(Halves):
    """Nobody asked for its two segments; among fewer customers than `needed` the line crosses any column."""

    name: str = "unasked"
    divides_continuum: bool = False
    needed: int = 0
    column: int = 0

    def across(self, customers: int, seed: int) -> int:
        return self.column if customers >= self.needed else 1 - seed % 2


def square(apart: float = 0.0) -> pd.DataFrame:
    """Customers all over a square, whose halves lie so far apart along the first column."""
    values = np.random.default_rng(0).uniform(size=(CUSTOMERS, 2))
    values[:, 0] += apart * (values[:, 0] > 0.5)
    return pd.DataFrame(values, columns=["first", "second"])


def two_groups(deviations: float) -> pd.DataFrame:
    """Two groups in the first column, so many standard deviations apart, and a continuum in the second."""
    generator = np.random.default_rng(0)
    first = generator.normal(size=CUSTOMERS) + deviations * (np.arange(CUSTOMERS) % 2)
    return pd.DataFrame({"first": first, "second": generator.uniform(0, 10, CUSTOMERS)})


def tried(frame: pd.DataFrame, spec: Unasked | KMeansSpec, *others: KMeansSpec) -> Candidate:
    """The first candidate, beside others."""
    contract = VectorContract((Column("first", Kind.NUMBER), Column("second", Kind.NUMBER)))
    encoder = fit_encoding(frame, contract, EncodingSettings(), {}).encoder
    points = EncodedCustomers.encode(frame, contract, encoder).points
    held_out, settings = hold_out(points, encoder, 4000, 0), DiscoverySettings()
    beside = [try_candidate(each, points, held_out, settings) for each in (spec, *others)]
    return resample_unasked(beside, points, held_out, settings)[0]


def judgement_of(candidate: Candidate) -> Judgement:
    assert candidate.judgement is not None
    return candidate.judgement


def test_segments_that_halves_are_too_few_for_count_if_resamples_find_them_again() -> None:
    judgement = judgement_of(
        tried(square(), Unasked(needed=CUSTOMERS // 2 + 1))
    )  # a resample has 63 % of the customers
    assert judgement.stability < 0.5
    assert judgement.recovered == judgement.recovered_least == pytest.approx(1.0)
    assert objections(judgement, DiscoverySettings()) == []


def test_segments_that_resamples_do_not_find_again_are_refused() -> None:
    judgement = judgement_of(tried(square(), Unasked(needed=CUSTOMERS)))
    assert judgement.recovered < 0.75
    assert any("two halves" in objection for objection in objections(judgement, DiscoverySettings()))


def test_no_resamples_are_drawn_of_segments_that_were_asked_for_or_that_clear_gaps_part() -> None:
    assert judgement_of(tried(square(), KMeansSpec(2, 1))).recovered == 0
    parted = judgement_of(tried(square(2.0), Unasked(needed=CUSTOMERS)))
    assert parted.groups == 2
    assert parted.recovered == 0
    beside_groups = judgement_of(tried(square(2.0), Unasked(needed=0, column=1), KMeansSpec(2, 3)))
    assert beside_groups.groups == 1
    assert beside_groups.recovered == 0


@pytest.mark.parametrize(("deviations", "recovered"), [(3.3, 1.0), (6.0, 0.0)])
def test_beside_groups_resamples_are_drawn_where_their_gaps_are_mostly_filled(
    deviations: float, recovered: float
) -> None:
    """Whether such a gap is there is nearly a matter of chance; so it must not decide alone."""
    candidate = tried(two_groups(deviations), Unasked(needed=0, column=1), KMeansSpec(2, 3))
    assert judgement_of(candidate).recovered == pytest.approx(recovered)
