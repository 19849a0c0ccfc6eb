"""Results of the engine as pandas tables."""

from __future__ import annotations

import ibis.expr.types as ir
import pandas as pd

from features.sources import fetch


def fetched(expression: ir.Table, what: str) -> pd.DataFrame:
    """Compute an expression in its engine; only its result comes to Python.

    Raises
    ------
    SourceError
        If the engine fails; the message begins with `what`.
    """
    frame: pd.DataFrame = fetch(expression, what).to_pandas()
    return frame
