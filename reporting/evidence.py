"""What a verdict rests on, for readers: figures and tag of the run, a table, a paragraph on the page."""

from __future__ import annotations

from html import escape

import pandas as pd

from training.discovery.discovery import Discovery
from training.evaluation.gaps import LEAST_BELT, MOST_CHANCE, MOST_DEPTH
from training.evaluation.verdict import DISSOLVED, RECURRING


def verdict_metrics(discovery: Discovery) -> dict[str, float]:
    """The figures of the verdict that are not among the chosen candidate's own (`gap_share`, `stability` ... are)."""
    evidence = discovery.verdict.evidence
    recovered = evidence["recovered"]
    return {
        "recovered_least": float(min(recovered)),
        "recovered_mean": sum(recovered) / len(recovered),
        "silhouette_without_groups": float(evidence["silhouette_without_groups"]),
    }


def evidence_table(discovery: Discovery) -> pd.DataFrame:
    """One row for each pair of neighbouring segments: is there a gap, and what was seen (none: too few customers).

    Columns: segment_a, segment_b (ids), name_a, name_b, gap, valley_depth (density over that of the lower peak),
    valley_chance, belt (how much higher the two join than each is in one piece), recovered_a, recovered_b (the mean
    Jaccard similarity to what was found in customers drawn again).
    """
    cards, evidence = discovery.model.cards, discovery.verdict.evidence
    columns = "segment_a segment_b name_a name_b gap valley_depth valley_chance belt recovered_a recovered_b"
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
    return pd.DataFrame(rows, columns=columns.split())


def evidence_html(discovery: Discovery) -> str:
    """The evidence in a paragraph, and on demand segment by segment and pair by pair."""
    evidence, told = discovery.verdict.evidence, verdict_metrics(discovery)
    gaps = sum(pair["gap"] for pair in evidence["pairs"])
    paragraph = (
        f"<p><b>The evidence.</b> Gaps seen on customers held out: {gaps} of {len(evidence['pairs'])} pairs of "
        f"neighbours. Found again in customers drawn anew: similarity {told['recovered_mean']:.2f} on average, "
        f"{told['recovered_least']:.2f} for the least steady segment ({RECURRING} is stable, under {DISSOLVED} "
        f"dissolved). Silhouette {evidence['silhouette']:.2f}; customers made up without groups, with the same columns "
        f"and correlations, reach {told['silhouette_without_groups']:.2f}. The smallest segment holds "
        f"{100 * evidence['smallest_share']:.1f} %, {100 * evidence['unassigned_share']:.1f} % belong to none.</p>"
    )
    return f"{paragraph}<details><summary>pair by pair</summary>{_segments(discovery)}{_pairs(discovery)}</details>"


def _segments(discovery: Discovery) -> str:
    rows = "".join(
        f'<tr><td>{escape(card.name)}</td><td class="value">{recovered:.2f}</td></tr>'
        for card, recovered in zip(discovery.model.cards, discovery.verdict.evidence["recovered"], strict=True)
    )
    return (
        '<table><thead><tr><th>segment</th><th class="value">found again</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _pairs(discovery: Discovery) -> str:
    table = evidence_table(discovery)
    if table.empty:
        return "<p>There are too few customers to look for gaps between segments.</p>"
    rows = "".join(
        f"<tr><td>{escape(row['name_a'])} / {escape(row['name_b'])}</td>"
        f'<td class="tight">{"yes" if row["gap"] else "no"}</td>'
        + "".join(
            f'<td class="value tight">{shown}</td>'
            for shown in (f"{row['valley_depth']:.2f}", _chance(row["valley_chance"]), f"{row['belt']:.2f}")
        )
        + "</tr>"
        for _, row in table.iterrows()
    )
    return (
        '<table><thead><tr><th>neighbours</th><th class="tight">gap</th><th class="value">depth</th>'
        f'<th class="value">chance</th><th class="value">belt</th></tr></thead><tbody>{rows}</tbody></table>'
        f'<p class="faint">A gap is a valley (depth, its density over that of the lower peak, at most {MOST_DEPTH}; '
        f"chance of it where there is none, at most {MOST_CHANCE}), or a sparse belt around a segment (at least "
        f"{LEAST_BELT}).</p>"
    )


def _chance(chance: float) -> str:
    return "&lt; 0.001" if chance < 0.001 else f"{chance:.3f}"
