"""What the words of a segment's name claim of a single customer, as the model keeps it.

The numbers are those by which the words were found true: a third of all customers is resolved to the value where it
begins or ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from segment_model.explanation.name_misfits import Claim
from training.profiling.words.word import AtLevel, Between, Condition, Settled, Together, Unknown, Word


def claims_of(words: Iterable[Word], shown: Collection[str]) -> list[Claim]:
    """The claims of words, in their order: one a column of each word.

    shown : the columns that cards show. No claim is kept of another one, which may be sensitive.
    """
    return [claim for word in words for claim in _claims(word) if claim.column in shown]


def claims_json(claims: Mapping[str, Sequence[Claim]]) -> dict[str, list[dict[str, Any]]]:
    """Plain values for a model's provenance: the claims by segment id."""
    return {segment_id: [claim.to_json() for claim in own] for segment_id, own in claims.items()}


def _claims(word: Word) -> Iterator[Claim]:
    bounds: dict[str, tuple[float, float]] = {}
    for condition in _single(word.condition):
        if isinstance(condition, AtLevel):
            yield Claim(word.text, condition.column, level=condition.level)
        elif isinstance(condition, Unknown):
            yield Claim(word.text, condition.column, unknown=True)
        elif isinstance(condition, Between):
            least, most = bounds.get(condition.column, (-np.inf, np.inf))
            bounds[condition.column] = max(least, condition.least), min(most, condition.most)
    for column, (least, most) in bounds.items():
        if least > -np.inf or most < np.inf:  # else it only claims that the value is known
            yield Claim(word.text, column, float(least), float(most))


def _single(condition: Condition) -> Iterator[Condition]:
    """The conditions that must all hold, each of one column."""
    if isinstance(condition, Together):
        for part in condition.conditions:
            yield from _single(part)
    elif isinstance(condition, Settled):
        yield from condition.bounds
    else:
        yield condition
