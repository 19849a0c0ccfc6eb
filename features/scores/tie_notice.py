"""The notice on scores whose ties were broken by rank."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.notices import Notice
from segment_model.errors import counted


def notices_of_ties(frame: pd.DataFrame, tied: Mapping[str, NDArray[np.float64]]) -> tuple[Notice, ...]:
    """The number of customers whose score depends on the order of the ids; nothing if ties stay together.

    frame : the customers with scores by the learned edges. tied : their scores by rank.
    """
    if not tied:
        return ()
    differs = np.zeros(len(frame), dtype=bool)
    for score, numbers in tied.items():
        differs |= ~np.isnan(numbers) & (numbers != frame[score].to_numpy(dtype=float))
    count, customers = int(differs.sum()), len(frame)
    of_all = counted(customers, "customer has", "customers have")
    text = (
        f"score_edges.ties: first: {count:,} of {of_all} another score than the learned edges give, which "
        "score new customers"
    )
    return (Notice("orders", text),)
