"""The folder of test data that benchmarks read, and the batteries of labelled sets in it.

The folder is `SEGMENTS_DATA`, or else `shared/data` beside the checkout.
"""

from __future__ import annotations

import os
from pathlib import Path

EXTERNAL = Path(os.environ.get("SEGMENTS_DATA", Path(__file__).parents[3] / "shared" / "data")).resolve()
BATTERIES = ("fcps", "graves", "other")  # the sets that decision 9 reports; other folders beside them have other uses


def labelled_files() -> list[Path]:
    """The files of the labelled sets, battery by battery."""
    return [path for battery in BATTERIES for path in sorted((EXTERNAL / "clustering_v1" / battery).glob("*.parquet"))]
