"""The figures of a trial, which are comparable whatever settings a sweep varies.

Silhouettes in spaces of different columns or weights are not comparable: unscaled spend has the best silhouette of all,
and no meaning. So the segments of every trial are measured in one space, the encoded space of the unchanged settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Floats
from segment_model.encoding.reader import CustomerReader
from training.discovery.discovery import Discovery
from training.discovery.trained_contract import trained_contract
from training.encoding import fit_encoding
from training.evaluation.quality import stratified_sample, weighted_silhouette
from training.evaluation.verdict import VerdictKind
from training.settings import DiscoverySettings

RANK = {VerdictKind.NOTHING: 0.0, VerdictKind.SLICES: 1.0, VerdictKind.DISTINCT: 2.0}


@dataclass(frozen=True)
class Yardstick:
    """The space in which all trials are measured: points (n, width) of the customers in `index`.

    judged : the size of the sample for a silhouette, drawn by `seed`.
    """

    index: pd.Index
    points: Floats
    judged: int
    seed: int

    @classmethod
    def of(cls, frame: pd.DataFrame, contract: VectorContract, settings: DiscoverySettings) -> Yardstick:
        """The encoded space of the unchanged settings."""
        contract = trained_contract(frame, contract, settings)
        encoder = fit_encoding(frame, contract, settings.encoding).encoder
        points = encoder.encode(CustomerReader(contract, encoder).frame(frame))
        return cls(frame.index, np.ascontiguousarray(points.T), settings.judged_customers, settings.seed)

    def silhouette(self, discovery: Discovery) -> float:
        """The mean silhouette of a discovery's segments; a customer who has no segment or no vector there counts 0."""
        assigned = pd.Series(discovery.labels, index=discovery.frame.index)
        labels = assigned.reindex(self.index, fill_value=-1).to_numpy(dtype=np.intp)
        return weighted_silhouette(self.points, labels, stratified_sample(labels, self.judged, self.seed))


def figures(discovery: Discovery, yardstick: Yardstick) -> Mapping[str, float]:
    """A trial's figures; each but `segments` and the shares can be the objective of a sweep.

    silhouette : in the yardstick's space. recovered : mean Jaccard similarity of the segments under resampling.
    stability, gap_share : as judged. trust, 0..3 : 2 for distinct groups, 1 for slices of a continuum, 0 for no
    reproducible structure, plus the mean of `silhouette` (0 where negative) and `recovered`; on a continuum more steady
    slices come before that mean.
    """
    judgement = discovery.judgement
    recovered = float(np.mean(discovery.verdict.evidence["recovered"]))
    silhouette = yardstick.silhouette(discovery)
    slices = None if discovery.ladder is None else discovery.ladder.steady_segments
    return {
        "trust": RANK[discovery.verdict.kind] + _part((max(silhouette, 0.0) + recovered) / 2, slices),
        "silhouette": silhouette,
        "recovered": recovered,
        "stability": judgement.stability,
        "gap_share": judgement.gap_share,
        "segments": float(judgement.segments),
        "smallest_share": judgement.smallest_share,
        "unassigned_share": judgement.unassigned_share,
    }


def _part(quality: float, slices: int | None) -> float:
    """The part of trust below a whole rank, 0 to 1: the quality, but on a continuum more steady slices come first.

    For k slices it lies between 1 − 1/k and 1 − 1/(k + 1). slices : 1 where none are steady, None for no continuum.
    """
    return quality if slices is None else 1 - 1 / slices + quality / (slices * (slices + 1))
