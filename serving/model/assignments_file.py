"""The file in which a customer is looked up by id: what `segments assign` wrote, as Parquet or CSV.

Each look-up reads the file anew, so a file that a later job replaces counts at once, and no list of customers is held
in memory. Nothing lists the customers of the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segment_model.errors import SourceError

ID, SEGMENT, STRENGTH, VERSION = "customer_id", "segment_id", "strength", "model_version"
READERS = {".parquet": "read_parquet(?)", ".csv": "read_csv(?, header = true, all_varchar = true)"}


@dataclass(frozen=True, slots=True)
class AssignedCustomer:
    """A customer's row; segment_id is None where the model left the customer unassigned."""

    segment_id: str | None
    strength: float | None
    model_version: str | None


def find_assigned(file: Path, customer: str) -> AssignedCustomer | None:
    """The row of a customer; None where the file has none.

    Raises
    ------
    SourceError
        If the file cannot be read, is of another kind, or lacks a column that `segments assign` writes.
    """
    import duckdb  # late: a service without such a file needs no engine

    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise SourceError(f"{file.name} is neither .parquet nor .csv: write it by `segments assign --out`")
    query = (
        f"SELECT nullif(CAST({SEGMENT} AS VARCHAR), ''), TRY_CAST({STRENGTH} AS DOUBLE), CAST({VERSION} AS VARCHAR) "  # noqa: S608
        f"FROM {reader} WHERE CAST({ID} AS VARCHAR) = ? LIMIT 1"
    )
    try:
        with duckdb.connect() as engine:
            row = engine.execute(query, [str(file), customer]).fetchone()
    except duckdb.Error as error:
        first = str(error).partition("\n")[0]
        raise SourceError(f"{file.name} cannot be read as what `segments assign` writes: {first}") from error
    return None if row is None else AssignedCustomer(*row)
