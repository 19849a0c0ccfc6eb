"""What a Spark driver with a heap of 1 GB holds once the vectors of a shop are made, written and assigned there.

`python -m experiments.benchmarks.scale.spark_driver FOLDER` needs the settings of a shop and the champion of its
registry, and prints the processor seconds of the vectors, of Python and Java together, and what is left in memory.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

import psutil

from features.reading.spark_session import spark_session
from features.settings import EngineSettings
from features.spark.places import place_to_write
from jobs.spark.assigned import assign_in_spark
from jobs.spark.written_vectors import write_spark_vectors
from training.settings import read_settings

MASTER, HEAP = "local[2]", "1g"
PARTITIONS = 8  # of two threads; Spark's own 200 are for a cluster
OPTIONS = {"spark.driver.memory": HEAP, "spark.sql.shuffle.partitions": f"{PARTITIONS}"}
ENGINE = EngineSettings.model_validate({"spark": MASTER, "spark_options": OPTIONS})
VECTORS, ASSIGNED = "spark_vectors", "spark_assigned"


def run_driver(folder: Path) -> dict[str, float]:
    """Vectors and assignments in one session; python_gb is the peak of Python, heap_gb Java's after a collection."""
    settings = read_settings(folder / "segments.yaml")[0].model_copy(update={"engine": ENGINE})
    with spark_session(ENGINE, settings.features.time_zone) as session:
        session.range(1).count()  # the start of Spark does not count
        before = _processor_seconds()
        vectors, assigned = (place_to_write(folder / name, name) for name in (VECTORS, ASSIGNED))
        write_spark_vectors(settings, folder, vectors)
        seconds = _processor_seconds() - before
        assign_in_spark(settings, folder, "champion", vectors, assigned, policy="unassigned", explained=True)
        return {"seconds": seconds, "python_gb": _peak_gb(), "heap_gb": _heap_gb(session)}


def _processor_seconds() -> float:
    """Of this process and its children, of whom Java is one."""
    process = psutil.Process()
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def _heap_gb(session: Any) -> float:
    """What Java's heap holds after a collection, in GB."""
    java = session.sparkContext._jvm.java.lang  # the only way to Java that pyspark has
    java.System.gc()
    runtime = java.Runtime.getRuntime()
    return float(runtime.totalMemory() - runtime.freeMemory()) / 1024**3


if __name__ == "__main__":
    print(json.dumps(run_driver(Path(sys.argv[1]))))
