"""A company's raw tables as `/assign_records` takes them: under our column names, and only the columns in use."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from features.settings import Sources


def under_our_names(table: str, frame: pd.DataFrame, sources: Sources, columns: Sequence[str]) -> pd.DataFrame:
    """The rows of one raw table, say "orders"; columns : our names of those to keep, from `CustomerVectors.columns`."""
    source = getattr(sources, table)
    names = {theirs: ours for ours, theirs in source.columns.items()}
    if table == "customers":
        names |= {attribute.column: ours for ours, attribute in source.attributes.items() if attribute.column}
    return frame.rename(columns=names)[list(columns)]
