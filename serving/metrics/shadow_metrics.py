"""Metrics of the shadow: how often champion and challenger agree."""

from __future__ import annotations

from collections.abc import Mapping

from serving.metrics.metrics import Counted, Metrics
from serving.model.shadow import Outcome


class ShadowMetrics:
    """How often champion and challenger agree; only of the two that are compared now, so labels stay few."""

    def __init__(self, metrics: Metrics) -> None:
        pair = ("champion", "challenger")
        self._customers = metrics.counter(
            "segments_shadowed_customers",
            "Customers that the challenger assigned too: `same`, `different`, `failed`, `dropped`.",
            (*pair, "outcome"),
        )
        metrics.share(
            "segments_shadow_different_share",
            "Share of the compared customers (`same` and `different`) whose segment differs.",
            part=Counted(self._customers, frozenset({"different"})),
            whole=Counted(self._customers, frozenset({"same", "different"})),
        )
        self._pair = ("", "")

    def count(self, champion: str, challenger: str, outcomes: Mapping[Outcome, int]) -> None:
        if (champion, challenger) != self._pair:
            self._pair = pair = (champion, challenger)
            # keep those of this pair: a replacement worker resumes its predecessor's counters, which must not fall
            self._customers.forget(lambda labels: labels[:2] == pair)
        for outcome, number in outcomes.items():
            self._customers.add(*self._pair, outcome, by=number)
