"""Recognizes the values of pandas without an import of pandas.

Its import takes as long as all others of a model together. A service has no use for it: customers come as JSON. A value
of pandas exists only where somebody has imported pandas.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import TypeIs


def is_frame(table: Any) -> TypeIs[pd.DataFrame]:
    """Whether a table is a DataFrame of pandas."""
    return isinstance(table, _of_pandas("DataFrame"))


def is_series(values: Any) -> TypeIs[pd.Series[Any]]:
    """Whether values are a Series of pandas."""
    return isinstance(values, _of_pandas("Series"))


def is_missing_marker(value: Any) -> bool:
    """Whether a value is pandas' `NA` or `NaT`."""
    return any(value is marker for name in ("NA", "NaT") for marker in _of_pandas(name))


def _of_pandas(name: str) -> tuple[Any, ...]:
    """What pandas calls so; empty where pandas is not imported, or another thread is about to import it."""
    pandas = sys.modules.get("pandas")
    return (getattr(pandas, name),) if hasattr(pandas, name) else ()
