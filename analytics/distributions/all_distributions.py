"""All distributions of a record: shares of levels, quartiles of numbers, adopted features."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analytics.distributions.adoption import adoption
from analytics.history import History
from analytics.options import RecordOptions
from analytics.present import Present
from analytics.record import SHARES


@dataclass(frozen=True)
class Distributions:
    """The tables `SHARES` and `QUARTILES`, and what they leave out."""

    shares: pd.DataFrame
    quartiles: pd.DataFrame
    notes: tuple[str, ...]


def all_distributions(history: History, present: Present, options: RecordOptions) -> Distributions:
    """Of the columns of a vector that are not sensitive, and of the features that members used.

    Raises
    ------
    SourceError
        If an engine fails.
    """
    own, quartiles = present.distributions(history.segments, options.floor)
    adopted, notes = adoption(history, options.floor)
    parts = [part for part in (own, adopted) if len(part)]
    hidden = [column.title for column in present.contract.columns if column.sensitive]
    if hidden:
        notes = (*notes, f"Not shown, being marked sensitive: {', '.join(hidden)}")
    shares = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(SHARES))
    return Distributions(shares, quartiles, notes)
