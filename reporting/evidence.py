"""The evidence of a verdict: a table for the run, and a paragraph for the report page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from training.discovery.discovery import Discovery
from training.evaluation.verdict import DISSOLVED, RECURRING
from training.evaluation.verdict_figures import verdict_figures
from training.separation.gaps import LEAST_BELT, MOST_CHANCE, MOST_DEPTH

COLUMNS = (
    *("segment_a", "segment_b", "name_a", "name_b", "gap"),
    *("valley_depth", "valley_chance", "belt", "recovered_a", "recovered_b"),
)
LIMITS = {
    "stable": RECURRING,
    "dissolved": DISSOLVED,
    "depth": MOST_DEPTH,
    "chance": MOST_CHANCE,
    "belt": LEAST_BELT,
}


def evidence_table(discovery: Discovery) -> pd.DataFrame:
    """One row for each pair of neighbouring segments: whether a gap parts them, and the figures that decide it.

    Without rows where there are too few customers. Columns: segment_a, segment_b (ids), name_a, name_b, gap,
    valley_depth (density over that of the lower peak), valley_chance (of such a valley without a gap), belt (the
    single-linkage height at which the two join, over that at which each is connected), recovered_a, recovered_b (mean
    Jaccard similarity of the segment to its best match in bootstrap samples).
    """
    cards, evidence = discovery.model.cards, discovery.verdict.evidence
    rows = [
        {
            "segment_a": cards[a].id,
            "segment_b": cards[b].id,
            "name_a": cards[a].name,
            "name_b": cards[b].name,
            **{name: pair[name] for name in ("gap", "valley_depth", "valley_chance", "belt")},
            "recovered_a": evidence["recovered"][a],
            "recovered_b": evidence["recovered"][b],
        }
        for pair in evidence["pairs"]
        for a, b in [pair["segments"]]
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def evidence_context(discovery: Discovery) -> dict[str, Any]:
    """What the template `evidence.html` shows."""
    evidence = discovery.verdict.evidence
    return {
        **verdict_figures(discovery.verdict),
        "silhouette": evidence["silhouette"],
        "smallest_share": evidence["smallest_share"],
        "unassigned_share": evidence["unassigned_share"],
        "gaps": sum(pair["gap"] for pair in evidence["pairs"]),
        "pairs": evidence_table(discovery).to_dict(orient="records"),
        "segments": list(zip(discovery.model.names, evidence["recovered"], strict=True)),
        "limits": LIMITS,
    }
