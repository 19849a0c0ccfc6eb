"""All distributions of a record: shares of levels, quartiles of numbers, adopted features."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analytics.distributions.adoption import adoption
from analytics.distributions.labelled import Labelled, shown_columns
from analytics.distributions.level_shares import level_shares
from analytics.distributions.quartiles import quartiles
from analytics.history import History
from analytics.options import RecordOptions
from analytics.record import SHARES
from segment_model.contract import VectorContract


@dataclass(frozen=True)
class Distributions:
    """The tables `SHARES` and `QUARTILES`, and what they leave out."""

    shares: pd.DataFrame
    quartiles: pd.DataFrame
    notes: tuple[str, ...]


def all_distributions(
    history: History, vectors: pd.DataFrame, labels: pd.Series[str], contract: VectorContract, options: RecordOptions
) -> Distributions:
    """Of the columns of a vector that are not sensitive, and of the features that members used.

    Raises
    ------
    SourceError
        If an engine fails.
    """
    columns = [column for column in shown_columns(contract) if column.name in vectors.columns]
    labelled = Labelled.of(vectors, labels, history.segments)
    adopted, notes = adoption(history, options.floor)
    parts = [part for part in (level_shares(labelled, columns, options.floor), adopted) if len(part)]
    hidden = [column.title for column in contract.columns if column.sensitive]
    if hidden:
        notes = (*notes, f"Not shown, being marked sensitive: {', '.join(hidden)}")
    shares = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(SHARES))
    return Distributions(shares, quartiles(labelled, columns, options.floor), notes)
