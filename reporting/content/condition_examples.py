"""A few customers who meet each condition: typical of these in the columns that shape the segments."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.history import UNASSIGNED
from analytics.record import REPRESENTATIVES
from reporting.content.typical_rows import typical_rows
from segment_model.model import SegmentModel


def representatives(model: SegmentModel, readable: pd.DataFrame, met: pd.DataFrame) -> pd.DataFrame:
    """The table `REPRESENTATIVES`.

    readable : the vectors of the customers whom the model can read. met : a column of truths a condition, with the rows
    of these customers at least.
    """
    truths = met.reindex(readable.index)
    any_met = truths.any(axis=1).to_numpy(dtype=bool)
    truths, readable = truths[any_met], readable[any_met]
    if readable.empty:
        return pd.DataFrame(columns=list(REPRESENTATIVES))
    basis = readable[[column.name for column in model.contract.basis]]
    assigned = model.assign_records(basis)
    points = model.encoder.encode(model.scorer.reader.parts(basis)(0, len(basis))).T
    rows = [
        (
            name,
            str(readable.index[row]),
            UNASSIGNED if assigned.unassigned[row] else model.ids[assigned.nearest[row]],
            round(float(assigned.strength[row]), 3),
        )
        for name in met.columns
        for row in typical_rows(points, np.flatnonzero(truths[name].to_numpy(dtype=bool)))
    ]
    return pd.DataFrame(rows, columns=list(REPRESENTATIVES))
