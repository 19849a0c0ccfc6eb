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


def tried(spec: Unasked | KMeansSpec, *others: KMeansSpec, apart: float = 0.0) -> Candidate:
    """The first candidate, on customers all over a square, whose halves lie so far apart along the first column."""
    values = np.random.default_rng(0).uniform(size=(CUSTOMERS, 2))
    values[:, 0] += apart * (values[:, 0] > 0.5)
    frame = pd.DataFrame(values, columns=["first", "second"])
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
    judgement = judgement_of(tried(Unasked(needed=CUSTOMERS // 2 + 1)))  # a resample has 63 % of the customers
    assert judgement.stability < 0.5
    assert judgement.recovered == judgement.recovered_least == pytest.approx(1.0)
    assert objections(judgement, DiscoverySettings()) == []


def test_segments_that_resamples_do_not_find_again_are_refused() -> None:
    judgement = judgement_of(tried(Unasked(needed=CUSTOMERS)))
    assert judgement.recovered < 0.75
    assert any("two halves" in objection for objection in objections(judgement, DiscoverySettings()))


def test_no_resamples_are_drawn_of_segments_that_were_asked_for_or_that_gaps_part() -> None:
    assert judgement_of(tried(KMeansSpec(2, 1))).recovered == 0
    parted = judgement_of(tried(Unasked(needed=CUSTOMERS), apart=2.0))
    assert parted.groups == 2
    assert parted.recovered == 0
    beside_groups = judgement_of(tried(Unasked(needed=0, column=1), KMeansSpec(2, 3), apart=2.0))
    assert beside_groups.groups == 1
    assert beside_groups.recovered == 0
