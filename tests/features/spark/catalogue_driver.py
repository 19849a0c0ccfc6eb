"""A driver of its own with a catalogue that outlives it; see test_catalogue_table."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import ItemsView
from datetime import datetime
from pathlib import Path
from typing import Any

from features.reading.spark_session import spark_session
from features.settings import EngineSettings
from features.spark.catalogue_table import CatalogueTable

TABLE = CatalogueTable.named("customer_segments")
MARCH, APRIL = datetime(2026, 3, 1), datetime(2026, 4, 1)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Waiting(dict[str, Any]):
    """A story that is asked for when the rows are written and not yet seen, and never answers."""

    def items(self) -> ItemsView[str, Any]:
        say("between")
        time.sleep(600)
        return super().items()


def seen(session: Any) -> list[list[str]]:
    rows = session.table("customer_segments").orderBy("as_of", "customer_id").collect()
    return [[row["customer_id"], str(row["as_of"].date()), row["segment_id"]] for row in rows]


def main(folder: str, role: str) -> None:
    options = {
        "spark.driver.memory": "512m",
        "spark.sql.shuffle.partitions": "1",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder}",
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": (Path(folder) / "warehouse").as_uri(),
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder}/metastore;create=true",
    }
    with spark_session(EngineSettings(spark="local[1]", spark_options=options), "Europe/Berlin") as session:

        def write(moment: datetime, segment: str, story: dict[str, Any]) -> None:
            rows = [("a", segment), ("b", segment)]
            TABLE.write(session, session.createDataFrame(rows, "customer_id string, segment_id string"), moment, story)

        if role == "first":
            write(MARCH, "old", {})
            write(APRIL, "old", {})
            write(APRIL, "new", Waiting(never="read"))
        else:
            before = seen(session)
            write(APRIL, "new", {})
            say(json.dumps([before, seen(session)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
