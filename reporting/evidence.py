"""The evidence behind a verdict, for readers: a table, and a paragraph on the page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from reporting.rendering import render
from training.discovery.discovery import Discovery
from training.evaluation.gaps import LEAST_BELT, MOST_CHANCE, MOST_DEPTH
from training.evaluation.verdict import DISSOLVED, RECURRING
from training.evaluation.verdict_figures import verdict_figures

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
    """One row for each pair of neighbouring segments: is there a gap, and what was seen (none: too few customers).

    Columns: segment_a, segment_b (ids), name_a, name_b, gap, valley_depth (density over that of the lower peak),
    valley_chance, belt (how much higher the two join than each is in one piece), recovered_a, recovered_b (the mean
    Jaccard similarity to what was found in customers drawn again).
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


def evidence_html(discovery: Discovery) -> str:
    """The evidence in a paragraph, and on demand segment by segment and pair by pair."""
    return render("evidence.html", evidence=evidence_context(discovery))


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
