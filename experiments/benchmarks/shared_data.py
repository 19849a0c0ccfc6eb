"""The folder of test data that benchmarks read, and the batteries of labelled sets in it.

The folder is `SEGMENTS_DATA`, or else `shared/data` beside the checkout.
"""

from __future__ import annotations

import os
from pathlib import Path

EXTERNAL = Path(os.environ.get("SEGMENTS_DATA", Path(__file__).parents[3] / "shared" / "data")).resolve()
BATTERIES = ("fcps", "graves", "other", "sipu", "uci")
GENERATED = "repliclust"  # tables of a generator that is not ours; no rule is chosen on them


def labelled_files(battery: str) -> list[Path]:
    """The files of the labelled sets of a battery, or of `GENERATED`."""
    folder = Path(f"{GENERATED}_v1") if battery == GENERATED else Path("clustering_v1") / battery
    return sorted((EXTERNAL / folder).glob("*.parquet"))
