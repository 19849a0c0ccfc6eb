"""The columns of the R, F and M scores."""

from __future__ import annotations

from features.scores.score_edges import FIFTHS, ScoreEdges
from segment_model.contract import Column, Kind, Role

SCORED = {"r_score": "recency_days", "f_score": "frequency", "m_score": "monetary_value"}
MEASURES = {"r_score": "recency", "f_score": "frequency", "m_score": "monetary"}
LOW_IS_GOOD = frozenset({"r_score"})
WORDS = {
    "r_score": ("long since the last order", "bought recently"),
    "f_score": ("few orders", "many orders"),
    "m_score": ("low spend", "high spend"),
}


def score_columns(settings: ScoreEdges) -> tuple[Column, ...]:
    """The columns of all scores; the highest score is best."""
    return tuple(
        Column(
            score, Kind.COUNT, Role.DESCRIPTOR, f"of {settings.levels(MEASURES[score])}", "rfm",
            _formula(score, settings), True, low=low, high=high, label=score.replace("_", " ").capitalize(),
        )
        for score, (low, high) in WORDS.items()
    )  # fmt: skip


def _formula(score: str, settings: ScoreEdges) -> str:
    """What the score says of its measure, in words."""
    measure = SCORED[score]
    best = "the most recent" if score in LOW_IS_GOOD else "the highest"
    fixed = settings.fixed(MEASURES[score])
    if fixed is not None:
        ranges = f"range of {measure} between the edges {', '.join(f'{edge:g}' for edge in fixed)}"
    elif settings.quantiles == FIFTHS:
        ranges = f"fifth of {measure} among the customers it was learned from"
    else:
        shares = ", ".join(f"{share:g}" for share in settings.quantiles)
        ranges = f"range of {measure} between the quantiles {shares} of the customers it was learned from"
    return f"{ranges}; {settings.levels(MEASURES[score])} is {best}"
