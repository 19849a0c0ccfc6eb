"""The explained assignments of a vector file by the statement of `segments sql`, which DuckDB runs.

`python -m experiments.benchmarks.scale.assign_sql FOLDER` writes sql.parquet from vectors.parquet by the champion of
the folder's registry, and prints the processor seconds; imports and the fetching of the model are left out, as in
`assign_parts`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from experiments.benchmarks.scale.assign_parts import processor_seconds
from features.reading.sql_text import quoted_path
from jobs.warehouse.assignment_sql import AssignmentRequest, assignment_sql
from training.settings import read_settings

TABLE = "customer_vectors"
MEMORY = "1GB"


def run_sql(folder: Path) -> float:
    """The processor seconds of reading, assigning, explaining and writing."""
    settings = read_settings(folder / "segments.yaml")[0]
    statement = assignment_sql(settings, folder, "champion", AssignmentRequest("duckdb", TABLE, explained=True))
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder)}) as connection:
        vectors, answers = (quoted_path(folder / f"{name}.parquet") for name in ("vectors", "sql"))
        connection.execute(f"CREATE VIEW {TABLE} AS SELECT * FROM read_parquet({vectors})").fetchall()  # noqa: S608
        before = processor_seconds()
        connection.execute(f"COPY ({statement.rstrip().rstrip(';')}) TO {answers} (FORMAT parquet)").fetchall()
        return processor_seconds() - before


if __name__ == "__main__":
    print(run_sql(Path(sys.argv[1])))
