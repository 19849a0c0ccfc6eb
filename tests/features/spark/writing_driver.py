"""A driver of its own that writes a table of a catalogue beside another driver; see test_two_writers.

It does one thing for each line that it reads, and prints one line of JSON for each.

    burst NUMBER        writes JUNE so many times; the versions that are seen, and the refusals
    slowly              writes MAY, whose last rows wait for the file `go`
    quickly             writes APRIL
    look                of each moment that readers see, the writers of its rows and how many each has
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.reading.spark_session import spark_session
from features.settings import EngineSettings
from features.spark.catalogue_table import CatalogueTable
from segment_model.errors import DestinationError

TABLE = CatalogueTable.named("customer_segments")
APRIL, MAY, JUNE = (datetime(2026, month, 1) for month in (4, 5, 6))
COLUMNS = "customer_id string, segment_id string"
ROWS = 30_000


def main(folder: str, writer: str, metastore: str) -> None:
    options = {
        "spark.driver.memory": "512m",
        "spark.sql.shuffle.partitions": "1",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": (Path(folder) / "warehouse").as_uri(),
        "spark.hadoop.hive.metastore.uris": metastore,
    }
    with spark_session(EngineSettings(spark="local[2]", spark_options=options), "Europe/Berlin") as session:
        for line in chain(["start"], map(str.strip, iter(sys.stdin.readline, ""))):
            sys.stdout.write(f"{json.dumps(answer(session, Path(folder), writer, line))}\n")
            sys.stdout.flush()


def answer(session: Any, folder: Path, writer: str, line: str) -> Any:
    rows = session.range(ROWS).selectExpr("CAST(id AS STRING) AS customer_id", f"'{writer}' AS segment_id")
    task, *number = line.split()
    if task == "burst":
        return burst(session, rows, int(number[0]))
    if task == "quickly":
        return TABLE.write(session, rows, APRIL, {}).frame.count()
    if task == "slowly":
        return TABLE.write(session, rows.mapInArrow(Gate(folder), COLUMNS), MAY, {}).frame.count()
    if task == "look":
        seen = session.table("customer_segments").groupBy("as_of", "version", "segment_id").count().collect()
        return sorted([str(row["as_of"].date()), row["segment_id"], row["count"]] for row in seen)
    return None


def burst(session: Any, rows: Any, number: int) -> dict[str, list[str]]:
    written, refused = [], []
    for _ in range(number):
        try:
            written.append(TABLE.write(session, rows, JUNE, {}).version)
        except DestinationError as error:
            refused.append(str(error))
    return {"written": written, "refused": refused}


class Gate:
    """Maps record batches to themselves; the last row of each waits for the file `go`."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch.slice(0, batch.num_rows - 1)
            (Path(self._folder) / "waiting").touch()
            while not (Path(self._folder) / "go").exists():
                time.sleep(0.05)
            yield batch.slice(batch.num_rows - 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
