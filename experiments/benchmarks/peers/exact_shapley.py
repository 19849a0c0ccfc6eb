"""Shapley values of an HDBSCAN margin by enumeration of all coalitions: the reference for the fast explanations."""

from __future__ import annotations

from math import comb

import numpy as np

from segment_model.encoding.encoder import Flags, Floats, Indices
from segment_model.explanation.core import CoreExplainer

MOST_COMPLETE = 11  # columns; beyond, all 2^columns coalitions take too long
PERMUTATIONS = 100  # and their reverses, each before every background point


def shapley_values(explainer: CoreExplainer, point: Floats, toward: int, against: int) -> Floats:
    """Contributions (columns,) of a (width,) point, exact up to 11 columns and by 200 permutations beyond."""
    columns = len(explainer.encoder.columns)
    result: Floats = np.zeros(columns)
    if columns <= MOST_COMPLETE:
        coalitions = (np.arange(2**columns)[:, None] >> np.arange(columns)) % 2 == 1
        values = coalition_values(explainer, point, toward, against, coalitions)
        size = coalitions.sum(axis=1)
        for column in range(columns):
            without = np.flatnonzero(~coalitions[:, column])
            weight = 1 / (columns * np.array([comb(columns - 1, int(k)) for k in size[without]]))
            result[column] = np.sum(weight * (values[without | 1 << column] - values[without]))
        return result
    generator = np.random.default_rng(12_345)
    forward = np.array([generator.permutation(columns) for _ in range(PERMUTATIONS)])
    orders = np.vstack([forward, forward[:, ::-1]])
    place = np.argsort(orders, axis=1)
    steps = np.arange(columns + 1)
    members = place[:, None, :] < steps[None, :, None]  # the columns that have joined after so many steps
    values = coalition_values(explainer, point, toward, against, members.reshape(-1, columns))
    gains = np.diff(values.reshape(len(orders), columns + 1), axis=1)
    result += np.take_along_axis(gains, place, axis=1).mean(axis=0)
    return result


def coalition_values(explainer: CoreExplainer, point: Floats, toward: int, against: int, coalitions: Flags) -> Floats:
    """The margin of each coalition (c, columns), averaged over the background: (c,)."""
    ends = np.append(explainer.encoder.starts[1:], explainer.encoder.width)
    column_of: Indices = np.repeat(np.arange(len(explainer.encoder.columns)), ends - explainer.encoder.starts)
    own = coalitions[:, column_of]
    places, owner = explainer.assigner.places, explainer.assigner.owner
    total = np.zeros(len(coalitions))
    for prototype, weight in zip(explainer.background, explainer.weights, strict=True):
        mixed = np.where(own, point, prototype)
        mixed_distance = [_distance(mixed, places[owner == segment]) for segment in (against, toward)]
        total += weight * (mixed_distance[0] - mixed_distance[1])
    return total


def _distance(points: Floats, places: Floats) -> Floats:
    lengths = (points * points).sum(axis=1)[:, None] + (places * places).sum(axis=1)
    squared = lengths - 2 * points @ places[:, :-1].T
    result: Floats = np.sqrt(np.maximum(squared.min(axis=1), 0))
    return result
