"""What a discovery is worth, in figures that mean the same whatever settings were swept.

A silhouette is measured in the space in which the segments were found, so one found on other columns or weights cannot
be compared with it: unscaled spend has the best silhouette of all, and says nothing. Here every trial's segments are
measured in one space, that of the settings as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Floats
from segment_model.encoding.reader import CustomerReader
from training.discovery.discovery import Discovery, trained_contract
from training.encoding import fit_encoding
from training.evaluation.quality import stratified_sample, weighted_silhouette
from training.evaluation.verdict import VerdictKind
from training.settings import DiscoverySettings

RANK = {VerdictKind.NOTHING: 0.0, VerdictKind.SLICES: 1.0, VerdictKind.DISTINCT: 2.0}


@dataclass(frozen=True)
class Yardstick:
    """Where all trials are measured: (n, width) points of the customers in `index`, of which `judged` are looked at."""

    index: pd.Index
    points: Floats
    judged: int
    seed: int

    @classmethod
    def of(cls, frame: pd.DataFrame, contract: VectorContract, settings: DiscoverySettings) -> Yardstick:
        """The encoded space of the settings as they stand."""
        contract = trained_contract(frame, contract, settings)
        encoder = fit_encoding(frame, contract, settings.encoding).encoder
        points = encoder.encode(CustomerReader(contract, encoder).frame(frame))
        return cls(frame.index, np.ascontiguousarray(points.T), settings.judged_customers, settings.seed)

    def silhouette(self, found: Discovery) -> float:
        """Mean silhouette of a discovery's segments; customers without one, or without a vector there, count 0."""
        there = pd.Series(found.labels, index=found.frame.index)
        labels = there.reindex(self.index, fill_value=-1).to_numpy(dtype=np.intp)
        return weighted_silhouette(self.points, labels, stratified_sample(labels, self.judged, self.seed))


def figures(found: Discovery, yardstick: Yardstick) -> Mapping[str, float]:
    """A trial's figures; each but `segments` and the shares can be the objective of a sweep.

    silhouette : in the yardstick's space. recovered : mean Jaccard similarity of the segments under resampling.
    stability, gap_share : as judged. trust : 2 for distinct groups, 1 for slices of a continuum, 0 for nothing
    reproducible, and to it the mean of `silhouette` (0 where negative) and `recovered`; so 0..3.
    """
    judgement = found.chosen.judgement
    recovered = float(np.mean(found.verdict.evidence["recovered"]))
    silhouette = yardstick.silhouette(found)
    return {
        "trust": RANK[found.verdict.kind] + (max(silhouette, 0.0) + recovered) / 2,
        "silhouette": silhouette,
        "recovered": recovered,
        **(
            {
                "stability": judgement.stability,
                "gap_share": judgement.gap_share,
                "segments": float(judgement.segments),
                "smallest_share": judgement.smallest_share,
                "unassigned_share": judgement.unassigned_share,
            }
            if judgement
            else {}
        ),
    }
