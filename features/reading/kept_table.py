"""A table of text files, computed once into the embedded engine; ids of whole numbers become integers."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from segment_model.sql_text import quoted, quoted_name

ID = "_id"  # the end of the names of our columns of keys
NO_INTEGER = "segments: no integer in "  # before the column's name, in the error that ends an attempt


def keep_once(connection: duckdb.DuckDBPyConnection, table: str, query: str, columns: Mapping[str, bool]) -> None:
    """Create a table of the rows of a query.

    Text ids are tried as integers: if one is not the very text of an integer (`007`, `K-17`), the attempt ends, usually
    in the first rows, and its column stays text.

    Parameters
    ----------
    columns
        The columns of the query, and whether each is text.

    Raises
    ------
    duckdb.Error
        If the query cannot be computed.
    """
    tried = [name for name, is_text in columns.items() if is_text and name.endswith(ID)]
    while True:
        try:
            listed = ", ".join(_as_integer(name) if name in tried else quoted_name(name) for name in columns)
            connection.execute(f"CREATE TABLE {quoted_name(table)} AS SELECT {listed} FROM ({query})").fetchall()  # noqa: S608
            return
        except duckdb.InvalidInputException as error:
            refused = [name for name in tried if f"{NO_INTEGER}{name}." in str(error)]
            if not refused:
                raise
            tried.remove(refused[0])


def _as_integer(name: str) -> str:
    """SQL for a text that writes an integer as the engine does; an error for any other."""
    text = quoted_name(name)
    integer = f"TRY_CAST({text} AS BIGINT)"
    return (
        f"CASE WHEN CAST({integer} AS VARCHAR) = {text} THEN {integer} WHEN {text} IS NULL THEN NULL "
        f"ELSE error({quoted(f'{NO_INTEGER}{name}.')}) END AS {text}"
    )
