"""The edges between scores: learned from the training customers or fixed by the settings, and applied afterwards.

An edge is stored as the largest value of the score range below it, so that applying it needs no convention.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.scores.score_columns import LOW_IS_GOOD, MEASURES, SCORED
from features.scores.score_edges import ScoreEdges
from features.scores.tied_customers import edges_of_ranges, ranges_of_ranks
from segment_model.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


def learn_edges(frame: pd.DataFrame, names: Sequence[str], settings: ScoreEdges) -> dict[str, tuple[float, ...]]:
    """The edges of each score among `names`; none of a learned score whose measure no customer has."""

    def edges_of(measure: str) -> Floats | None:
        known = frame[measure].dropna()
        return _learned(known, settings) if len(known) else None

    return _edges(names, settings, edges_of)


def learn_edges_from(
    quantiles_of: Callable[[str, Sequence[float]], Floats | None], names: Sequence[str], settings: ScoreEdges
) -> dict[str, tuple[float, ...]]:
    """As `learn_edges`, where `quantiles_of` computes the quantiles of a column; None where no customer has a value.

    Raises
    ------
    SettingsError
        If ties are broken by rank, which needs all customers in one order.
    """
    if settings.ties == "first":
        raise SettingsError(
            "features.rfm.score_edges: ties: first ranks all customers in one order, which Spark does not keep; "
            "use `ties: together`"
        )

    def edges_of(measure: str) -> Floats | None:
        quantiles = quantiles_of(measure, settings.quantiles)
        return None if quantiles is None else _of_quantiles(quantiles, settings)

    return _edges(names, settings, edges_of)


def _edges(
    names: Sequence[str], settings: ScoreEdges, edges_of: Callable[[str], Floats | None]
) -> dict[str, tuple[float, ...]]:
    """The edges of each score: fixed, or those of the measure that it is made from."""
    edges: dict[str, Floats] = {}
    for score in (score for score in SCORED if score in names):
        fixed = settings.fixed(MEASURES[score])
        if fixed is not None:
            edges[score] = _with_side(np.array(fixed, dtype=float), settings)
        elif (learned := edges_of(SCORED[score])) is not None:
            edges[score] = learned
    return {score: tuple(float(edge) for edge in of_score) for score, of_score in edges.items()}


def tied_scores(frame: pd.DataFrame, names: Sequence[str], settings: ScoreEdges) -> dict[str, Floats]:
    """The scores of the training customers whose ties are broken by `ties: first`; empty where ties stay together."""
    if settings.ties == "together":
        return {}
    import pandas as pd

    learned = [score for score in SCORED if score in names and settings.fixed(MEASURES[score]) is None]
    scores = {}
    for score in learned:
        known = frame[SCORED[score]].dropna()
        ranges = pd.Series(ranges_of_ranks(known, settings.quantiles, settings.closed), index=known.index, dtype=float)
        scores[score] = score_of_range(score, ranges.reindex(frame.index).to_numpy(), len(settings.quantiles) + 1)
    return scores


def points(score: str, edges: Sequence[float], values: Floats) -> Floats:
    """The score of each value, from 1 to the number of edges + 1; NaN where the value is missing."""
    ranges = np.searchsorted(np.asarray(edges), values, side="left").astype(float)
    return score_of_range(score, np.where(np.isnan(values), np.nan, ranges), len(edges) + 1)


def score_of_range(score: str, ranges: Floats, levels: int) -> Floats:
    """The score of the range of values, counted from 0 for the lowest, that a value lies in."""
    return levels - ranges if score in LOW_IS_GOOD else 1 + ranges


def _learned(known: pd.Series[float], settings: ScoreEdges) -> Floats:
    numbers = np.asarray(known, dtype=np.float64)
    if settings.ties == "first":
        return edges_of_ranges(numbers, ranges_of_ranks(known, settings.quantiles, settings.closed), settings.quantiles)
    return _of_quantiles(np.asarray(np.quantile(numbers, settings.quantiles), dtype=np.float64), settings)


def _of_quantiles(quantiles: Floats, settings: ScoreEdges) -> Floats:
    if settings.rule == "quantile_plus_one":
        # one unit above the quantile already scores higher
        return np.asarray(np.nextafter(quantiles + 1, -np.inf))
    return _with_side(quantiles, settings)


def _with_side(edges: Floats, settings: ScoreEdges) -> Floats:
    """The largest value of the range below each edge."""
    return edges if settings.closed == "right" else np.asarray(np.nextafter(edges, -np.inf))
