"""What `segments assign --explain` cannot do without, in one process: read, explain, write the same table.

`python -m experiments.benchmarks.scale.assign_parts FOLDER` prints the processor seconds; the imports and the fetching
of the model, which do not grow with the customers, are left out.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pandas as pd

from features.joining.id_type import typed_ids
from features.vector_file import read_vectors
from jobs.registry_location import location_of
from registry.versions.versions import fetch
from training.settings import read_settings


def run_parts(folder: Path) -> float:
    """Write parts.parquet from vectors.parquet by the champion of the folder's registry; the processor seconds."""
    model = fetch(location_of(read_settings(folder / "segments.yaml")[0], folder)).model
    before = processor_seconds()
    vectors = read_vectors(folder / "vectors.parquet")
    assignments, explanations = model.explain_records(vectors.frame)
    index = vectors.frame.index
    table = pd.concat([model.frame_of(assignments, index), explanations.table(index)], axis="columns")
    table["model_version"] = "1"
    table.index = typed_ids(index, vectors.id_type)
    table.to_parquet(folder / "parts.parquet")
    return processor_seconds() - before


def processor_seconds() -> float:
    """Of this process, user and system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    print(run_parts(Path(sys.argv[1])))
