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
from training.discovery.recurrence import choose_recurring, unasked_instead
from training.encoding import EncodedCustomers, fit_encoding
from training.evaluation.quality import Judgement
from training.evaluation.selection import objections
from training.evaluation.verdict import VerdictKind
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


@dataclass(frozen=True)
class AskedFor(Halves):
    """Its two segments were asked for; where `lost`, in every second resample the line crosses the other column."""

    name: str = "asked for"
    divides_continuum: bool = True
    lost: bool = False

    def across(self, customers: int, seed: int) -> int:
        is_resample = CUSTOMERS / 2 < customers < CUSTOMERS
        return seed % 2 if self.lost and is_resample else 0


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


@pytest.mark.parametrize(
    ("asked_for", "unasked", "chosen", "kind"),
    [
        (AskedFor(lost=True), Unasked(column=1), "unasked", VerdictKind.SLICES),
        (AskedFor(lost=False), Unasked(column=1), "asked for", VerdictKind.DISTINCT),
        (AskedFor(lost=True), Unasked(column=1, needed=CUSTOMERS), "asked for", VerdictKind.SLICES),
    ],
)
def test_clear_groups_that_are_not_found_again_give_way_to_unasked_ones_that_are(
    asked_for: AskedFor, unasked: Unasked, chosen: str, kind: VerdictKind
) -> None:
    """As many segments, which gaps do not part, but each of which resamples find again."""
    frame, settings = square(2.0), DiscoverySettings()
    contract = VectorContract((Column("first", Kind.NUMBER), Column("second", Kind.NUMBER)))
    encoder = fit_encoding(frame, contract, EncodingSettings(), {}).encoder
    points = EncodedCustomers.encode(frame, contract, encoder).points
    held_out = hold_out(points, encoder, 4000, 0)
    tried = [try_candidate(spec, points, held_out, settings) for spec in (asked_for, unasked)]
    by_gaps, verdict = choose_recurring(tried, points, settings)
    assert tried[by_gaps.chosen].spec.name == "asked for"
    candidates, choice, verdict = unasked_instead(tried, points, held_out, settings, by_gaps, verdict)
    assert (candidates[choice.chosen].spec.name, verdict.kind) == (chosen, kind)
    if chosen == "unasked":
        assert "bootstrap samples recover them, while the segments of asked for are no distinct groups" in choice.reason
    else:
        assert choice == by_gaps
