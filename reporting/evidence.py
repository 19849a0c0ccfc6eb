"""The evidence of a verdict as a table for the run."""

from __future__ import annotations

import pandas as pd

from training.discovery.discovery import Discovery

COLUMNS = (
    *("segment_a", "segment_b", "name_a", "name_b", "gap"),
    *("valley_depth", "valley_chance", "belt", "recovered_a", "recovered_b"),
)


def evidence_table(discovery: Discovery) -> pd.DataFrame:
    """One row for each pair of neighbouring segments: whether a gap separates them, and the figures that decide it.

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
