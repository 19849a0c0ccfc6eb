"""Reads other customers as a discovery read its own."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.learned import LearnedFeatures
from features.own_vectors.vector_columns import VectorColumns
from features.source_settings import Sources, VectorsSource
from jobs.customer_vectors import vectors_of
from jobs.unlogged.discovery import CUSTOMER, FILE, UnloggedDiscovery
from segment_model.contract import Kind

WRITTEN = ("decimal", "null_values", "true_values", "false_values")  # settings of a source: how its text is written


def vectors_in_table(unlogged: UnloggedDiscovery, table: pa.Table) -> pd.DataFrame:
    """The customers of another table as the discovery reads its own, in the order of its rows.

    table : the columns of the discovery's vectors, or the basis alone; a descriptor may be absent. Without rows, it
    gives a frame without rows, in whose columns no value can be wrong.

    Raises
    ------
    SegmentsError
        If the table lacks a basis column, or cannot be read.
    """
    learned, settings, model = unlogged.vectors.learned, unlogged.settings, unlogged.discovery.model
    source = settings.sources.vectors
    if source is None or {column.name for column in learned.own} < set(model.contract.names):
        renamed = table.rename_columns([_our_name(name, learned) for name in table.column_names])
        ours: pd.DataFrame = renamed.to_pandas()
        return ours.set_index(CUSTOMER)[[name for name in model.contract.names if name in ours.columns]]
    shaping, available = {column.name for column in model.contract.basis}, set(table.column_names)
    columns = tuple(own for own in learned.own if own.name in shaping or {own.name, own.theirs} & available)
    if not table.num_rows:
        return _without_rows(replace(learned.own, columns=columns), table)
    # which rows and columns the discovery took, and from where, says nothing of these customers
    written = {setting: getattr(source, setting) for setting in WRITTEN}
    read = Sources(vectors=VectorsSource(file=FILE, **written))
    numbers = range(1, table.num_rows + 1)  # as ids, so that no rule of ids makes a row another customer, or none
    numbered = table.set_column(table.column_names.index(CUSTOMER), CUSTOMER, pa.array(numbers))
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(numbered, Path(folder) / FILE)
        of_own = replace(learned, own=replace(learned.own, columns=columns))
        frame = vectors_of(settings.model_copy(update={"sources": read}), Path(folder), of_own).frame
    return frame.loc[[str(number) for number in numbers]]


def _without_rows(columns: VectorColumns, table: pa.Table) -> pd.DataFrame:
    """The columns of vectors that a table without rows has.

    Raises
    ------
    SourceError
        If it lacks one of them.
    """
    names = columns.mapping(table.column_names)
    kinds = {column.name: "str" if column.kind is Kind.CATEGORY else "float64" for column in columns}
    return pd.DataFrame(
        {name: pd.Series([], dtype=kinds[name]) for name in names}, index=pd.Index([], dtype="str", name=CUSTOMER)
    )


def _our_name(theirs: str, learned: LearnedFeatures) -> str:
    return next((column.name for column in learned.own if column.theirs == theirs), theirs)
