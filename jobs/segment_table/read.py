"""Reads the segments of some as-of moments from the table of segments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from features.reading.postgres import connect_postgres
from jobs.segment_table.destination import SegmentTable
from segment_model.errors import SourceError

COLUMNS = ("customer_id", "as_of", "segment_id", "model_version")


def read_segments(table: SegmentTable, model_name: str, moments: Sequence[datetime]) -> pd.DataFrame:
    """A row a customer and moment that a job wrote for a model of this name; of two versions the row written last.

    moments : on the wall clock of the business; other moments are not read. The columns: customer_id (text), as_of,
    segment_id (missing where unassigned), model_version.

    Raises
    ------
    SourceError
        If the server cannot be reached, or has no such table.
    """
    import psycopg
    from psycopg import sql

    query = sql.SQL(
        "SELECT DISTINCT ON (as_of, customer_id) customer_id::text, as_of, segment_id, model_version FROM {} "
        "WHERE model_name = {} AND as_of = ANY({}::timestamp[]) "
        "ORDER BY as_of, customer_id, written_at DESC NULLS LAST, model_version DESC"
    ).format(sql.Identifier(*table.parts), model_name, list(moments))
    with connect_postgres(table.variable, table.shown) as connection:
        try:
            rows = connection.execute(query).fetchall()
        except psycopg.Error as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise SourceError(f"{table.shown}: the segments cannot be read: {first}") from error
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    kinds = {"customer_id": "str", "as_of": "datetime64[us]", "segment_id": "str", "model_version": "int64"}
    return frame.astype(kinds)
