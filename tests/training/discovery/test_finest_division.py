"""Groups whose gaps are mostly filled give way to a finer division that is found again; clear groups do not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segment_model.contract import Column, Kind, VectorContract
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.evaluation.verdict import VerdictKind
from training.settings import DiscoverySettings

CUSTOMERS = 1200


def two_groups(apart: float) -> Discovery:
    """Two groups in one column, so many standard deviations apart, and a long continuum in the other."""
    generator = np.random.default_rng(0)
    group, place = generator.normal(size=CUSTOMERS), generator.uniform(0, 10, CUSTOMERS) - 5
    frame = pd.DataFrame({"group": group + apart * (np.arange(CUSTOMERS) % 2), "place": place})
    frame.index = pd.Index([f"customer {number}" for number in range(CUSTOMERS)])
    contract = VectorContract((Column("group", Kind.NUMBER), Column("place", Kind.NUMBER)))
    return discover(frame, contract, DiscoverySettings(algorithms=(KMeansSettings(segments=(2, 4)),)), {})


def test_a_filled_gap_does_not_end_the_search() -> None:
    discovery = two_groups(3.3)  # 0.56 of the density of either group is left between them
    assert discovery.judgement.segments == 4  # either half of either group
    assert discovery.verdict.kind is VerdictKind.SLICES
    assert "gaps separate 2 groups, but leave more than half of the density" in discovery.verdict.sentence
    assert discovery.ladder is not None
    assert discovery.other_divisions.startswith("also steady: 2")


def test_a_clear_gap_ends_it() -> None:
    discovery = two_groups(6.0)
    assert discovery.judgement.segments == 2
    assert discovery.verdict.kind is VerdictKind.DISTINCT
    assert discovery.ladder is None
