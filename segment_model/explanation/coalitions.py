"""The coalitions of columns from which the Shapley values of a game against a background are computed.

With up to `MOST_COMPLETE` columns these are all coalitions; with more, those of sampled permutations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segment_model.encoding.encoder import Flags, Floats, Indices

MOST_COMPLETE = 7  # columns up to which every coalition is evaluated
PAIRS = 32  # the least number of permutations, each with its reverse, shared evenly among the background points


@dataclass(frozen=True)
class Coalitions:
    """The coalitions to evaluate, each against one point of the background.

    members : (c, columns) which columns take the customer's values; background : (c,) which point the others take;
    shares : (columns, c) how much of each coalition's value a column's contribution is. The contributions are
    shares · values; they add up to the value of the full coalition minus the weighted value of the background.
    """

    members: Flags
    background: Indices
    shares: Floats

    @cached_property
    def full(self) -> Indices:
        """The rows of the full coalition, in which all columns are the customer's."""
        return np.flatnonzero(self.members.all(axis=1))


def coalitions_of(columns: int, weights: Floats) -> Coalitions:
    """All coalitions if there are few columns, else sampled ones; equal arguments give equal coalitions."""
    if columns <= MOST_COMPLETE:
        return complete(columns, weights)
    return sampled(columns, weights)


def complete(columns: int, weights: Floats) -> Coalitions:
    """All 2^columns coalitions against every background point: Shapley's formula, exactly."""
    members = (np.arange(2**columns)[:, None] >> np.arange(columns)) % 2 == 1
    size = members.sum(axis=1)
    joined = np.array([1 / (columns * comb(columns - 1, max(k - 1, 0))) for k in range(columns + 1)])
    absent = np.array([-1 / (columns * comb(columns - 1, min(k, columns - 1))) for k in range(columns + 1)])
    shares = np.where(members, joined[size][:, None], absent[size][:, None]).T
    count = len(weights)
    return Coalitions(np.tile(members, (count, 1)), np.repeat(np.arange(count), len(members)), np.kron(weights, shares))


def sampled(columns: int, weights: Floats) -> Coalitions:
    """Antithetic permutations (Castro et al. 2009; Mitchell et al. 2022), different ones for every background point.

    A permutation and its reverse together are exact for a game whose columns interact in pairs only. Permutations of
    its own for each background point cost no more than one set for all, and halve the error (measured).
    """
    count = len(weights)
    pairs = -(-PAIRS // count)
    generator = np.random.default_rng(columns)
    forward = np.array([generator.permutation(columns) for _ in range(pairs * count)], dtype=np.intp)
    orders = np.vstack([forward, forward[:, ::-1]])
    source = np.tile(np.repeat(np.arange(count), pairs), 2)
    walks = np.arange(len(orders))
    members = np.zeros((len(orders), columns + 1, columns), dtype=np.bool_)
    shares: NDArray[Any] = np.zeros((columns, len(orders), columns + 1))
    for step in range(columns):
        joining = orders[:, step]
        members[:, step + 1] = members[:, step]
        members[walks, step + 1, joining] = True
        shares[joining, walks, step + 1] += weights[source] / (2 * pairs)
        shares[joining, walks, step] -= weights[source] / (2 * pairs)
    return _distinct(members.reshape(-1, columns), np.repeat(source, columns + 1), shares.reshape(columns, -1))


def _distinct(members: Flags, background: Indices, shares: Floats) -> Coalitions:
    """Merge coalitions that occur more than once against one background point, so that each is evaluated once."""
    met, where = np.unique(np.column_stack([background, members]), axis=0, return_inverse=True)
    added = np.zeros((len(shares), len(met)))
    for row, share in zip(added, shares, strict=True):
        np.add.at(row, where.reshape(-1), share)
    return Coalitions(met[:, 1:].astype(np.bool_), met[:, 0].astype(np.intp), added)
