"""The figures of a verdict that a run shows beside those of the chosen candidate."""

from __future__ import annotations

from training.evaluation.verdict import Verdict


def verdict_figures(verdict: Verdict) -> dict[str, float]:
    """The least and mean recovery of the segments, and the silhouette that customers without groups reach.

    The chosen candidate's own figures (`gap_share`, `stability` ...) are not among them.
    """
    recovered = verdict.evidence["recovered"]
    return {
        "recovered_least": float(min(recovered)),
        "recovered_mean": sum(recovered) / len(recovered),
        "silhouette_without_groups": float(verdict.evidence["silhouette_without_groups"]),
    }
