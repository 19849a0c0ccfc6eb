"""Groups that gaps part but that are not found again give way to others that are, and only to those."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from tests.training.discovery.halves import Halves
from training.discovery.candidate_trial import Candidate
from training.discovery.recurrence import choose_recurring
from training.evaluation.quality import Judgement
from training.evaluation.verdict import VerdictKind
from training.separation.gaps import PairEvidence
from training.settings import DiscoverySettings

ALONG = np.linspace(-1, 1, 400)
POINTS = np.column_stack([np.random.default_rng(2).permutation(ALONG), ALONG])
PARTED = PairEvidence((0, 1), chance=0.0, depth=0.1, belt=1.0)


@dataclass(frozen=True)
class Cut(Halves):
    """The line crosses one column, and of resampled customers perhaps another."""

    divides_continuum: bool = True
    column: int = 0
    refitted: int = 0

    def across(self, customers: int, seed: int) -> int:
        return self.column if customers == len(POINTS) else self.refitted


def candidate(spec: Cut, emptiness: float, groups: int = 2) -> Candidate:
    fit = spec.fit(POINTS, 0)
    judgement = Judgement(
        2, 0.5, 0.5, 0.0, 0.5, 0.9, 1.0, gap_share=float(groups == 2), groups=groups, emptiness=emptiness
    )
    pairs = (PARTED if groups == 2 else PairEvidence((0, 1), chance=1.0, depth=1.0, belt=1.0),)
    return Candidate(spec, fit, judgement, fit.labels, pairs)


LOST = candidate(Cut("lost", column=0, refitted=1), emptiness=0.95)  # found again as the other column's halves


@pytest.mark.parametrize(
    ("other", "chosen", "kind"),
    [
        (candidate(Cut("steady", column=1, refitted=1), emptiness=0.9), 1, VerdictKind.DISTINCT),
        (candidate(Cut("lost too", column=1, refitted=0), emptiness=0.9), 0, VerdictKind.NOTHING),
        (candidate(Cut("steady slices", column=1, refitted=1), emptiness=0.0, groups=1), 1, VerdictKind.SLICES),
    ],
)
def test_what_is_lost_in_resamples(other: Candidate, chosen: int, kind: VerdictKind) -> None:
    choice, verdict = choose_recurring([LOST, other], POINTS, DiscoverySettings(force=True))
    assert (choice.chosen, verdict.kind) == (chosen, kind)


def test_groups_found_again_on_the_whole_but_not_each_of_them_give_way_to_steady_ones() -> None:
    half_lost = candidate(HalfLost("half lost", column=0, refitted=1), emptiness=0.95)
    steady = candidate(Cut("steady", column=1, refitted=1), emptiness=0.9)
    slices = candidate(Cut("slices", column=1, refitted=1), emptiness=0.0, groups=1)
    choice, verdict = choose_recurring([half_lost, steady], POINTS, DiscoverySettings())
    assert (choice.chosen, verdict.kind) == (1, VerdictKind.DISTINCT)
    assert choice.reason.startswith("steady: ")
    assert "gaps separate the segments of half lost, but bootstrap samples do not recover all" in choice.reason
    choice, verdict = choose_recurring([half_lost, slices], POINTS, DiscoverySettings())
    assert (choice.chosen, verdict.kind) == (0, VerdictKind.SLICES)


@dataclass(frozen=True)
class HalfLost(Cut):
    """Like `Cut`; of the resamples half cut the other column."""

    def across(self, customers: int, seed: int) -> int:
        return self.column if seed % 2 == 0 else super().across(customers, seed)
