"""A driver of its own: assigns a folder of vectors by a saved model at the master that it is told; see test_cluster."""

from __future__ import annotations

import sys
from pathlib import Path

from features.reading.spark_session import spark_session
from features.settings import EngineSettings
from features.spark.stored_table import read_stored, write_stored
from jobs.spark.assigned import assigned_frame
from segments import SegmentModel

OPTIONS = {
    "spark.driver.memory": "512m",
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.driver.host": "127.0.0.1",
}


def main(master: str, model: str, vectors: str, out: str, partitions: str) -> None:
    with spark_session(EngineSettings(spark=master, spark_options=OPTIONS), "UTC") as session:
        folder, _ = read_stored(Path(vectors))
        customers = session.read.parquet(folder.as_uri()).repartition(int(partitions))
        write_stored(assigned_frame(customers, SegmentModel.load(model), "7", "unassigned"), Path(out), {})


if __name__ == "__main__":
    main(*sys.argv[1:])
