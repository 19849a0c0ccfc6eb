"""The customers whom a model can read, and those who lack a value that no training customer lacked."""

from __future__ import annotations

import pandas as pd

from segment_model.errors import counted
from segment_model.model import SegmentModel

LISTED = 5  # customer ids that a message lists


def complete(model: SegmentModel, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The customers who have every value that the model needs, and a line a column on those left out for want of it."""
    needed = [column.name for column in model.contract.basis if not column.nullable and column.name in frame.columns]
    missing = frame[needed].isna()
    messages = [
        f"left out {counted(int(missing[name].sum()), 'customer')} whose {name} is missing, "
        "as no training customer's was: "
        f"{', '.join(frame.index[missing[name]][:LISTED])}{', ...' if missing[name].sum() > LISTED else ''}"
        for name in needed
        if missing[name].any()
    ]
    return frame[~missing.any(axis=1)], messages
