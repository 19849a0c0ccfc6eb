"""The columns that contribute most to a segment: Shapley values of a sample of its customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segment_model.contract import Column
from segment_model.encoding.encoder import Floats, Indices
from segment_model.explanation.explainer import Explanations
from segment_model.model import SegmentModel

MOST_EXPLAINED = 400  # explaining an HDBSCAN customer takes milliseconds
FEWEST_EXPLAINED = 30  # of each segment
SEED = 0


@dataclass(frozen=True)
class ColumnContributions:
    """One column's contributions (m,) to the margins of m customers of a segment.

    ranks : (m,) the rank of each value among all customers, 0..1; NaN for a category or an unknown value.
    """

    column: Column
    contributions: Floats
    ranks: Floats


def sample_segments(labels: Indices, segments: int) -> list[Indices]:
    """The row numbers of the customers to explain of each segment; empty for a segment without customers."""
    generator = np.random.default_rng(SEED)
    samples = []
    for position in range(segments):
        members = np.flatnonzero(labels == position)
        size = min(len(members), max(FEWEST_EXPLAINED, MOST_EXPLAINED // segments))
        samples.append(np.sort(generator.choice(members, size, replace=False)) if size else members)
    return samples


def strongest_contributions(
    model: SegmentModel, frame: pd.DataFrame, rows: Indices, shown: Sequence[str], most: int
) -> list[ColumnContributions]:
    """The columns among `shown` that contribute most to these customers' margins, strongest first, at most `most`."""
    explained = model.explain_table(frame.iloc[rows])
    strength = np.abs(explained.contributions).mean(axis=0)
    candidates = [number for number, name in enumerate(explained.columns) if name in shown]
    strongest = sorted(candidates, key=lambda number: -strength[number])[:most]
    return [
        _of_column(model.contract[explained.columns[number]], explained, number, frame, rows) for number in strongest
    ]


def _of_column(
    column: Column, explained: Explanations, number: int, frame: pd.DataFrame, rows: Indices
) -> ColumnContributions:
    ranks = np.full(len(rows), np.nan)
    if not column.is_category:
        ranks = frame[column.name].rank(pct=True).iloc[rows].to_numpy(dtype=np.float64)
    return ColumnContributions(column, explained.contributions[:, number], ranks)
