"""A discovery that is not logged yet, as a notebook holds it: of a settings file, or of a table in memory.

A table goes the way of the source `vectors`, so that a frame and a file of the same values give the same segments.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analytics.record import AnalystRecord
from features.learned import LearnedFeatures
from features.own_vectors.vector_columns import VectorColumns
from features.source_settings import Sources, VectorsSource
from features.vector_table import CustomerVectors
from jobs.champion.incumbent import Incumbent, incumbent_of
from jobs.conclusion import ConcludedDiscovery, analyse, discover_named, record_discovery
from jobs.customer_vectors import describe_vectors, vectors_of
from jobs.delivery import Sent, send
from jobs.membership.month_members import assigned
from jobs.record import compute, record_of_vectors
from jobs.registry_location import location_of
from jobs.run_content.discovery_record import provenance
from registry.connection import RegistryLocation
from segment_model.contract import Kind
from segment_model.errors import ContractError, UnreachableError, counted
from training.discovery.discovery import Discovery
from training.progress import Announce, Progress
from training.settings import Settings

FILE = "vectors.parquet"
CUSTOMER = "customer_id"
RECIPE = ("learned_features", "raw_columns")  # how vectors are made of raw tables: a frame has none
WRITTEN = ("decimal", "null_values", "true_values", "false_values")  # settings of a source: how its text is written
SOURCE = ("sources", "features")  # settings that a frame does not follow


@dataclass(frozen=True)
class UnloggedDiscovery:
    """A finished discovery with what is needed to report and log it.

    base : the folder from which the settings' paths count; None for a table in memory. incumbent : the model whose
    segments it continues, if any. began, ended : seconds since 1970.
    """

    settings: Settings
    base: Path | None
    vectors: CustomerVectors
    discovery: Discovery
    incumbent: Incumbent | None
    began: float
    ended: float

    def record(self, announce: Announce) -> AnalystRecord:
        """The analyst's record: of a settings file all figures, of a table shares and quartiles by segment.

        Raises
        ------
        SegmentsError
            If a table cannot be read.
        """
        model, frame = self.discovery.model, self.vectors.frame
        if self.base is not None:
            return compute(self.settings, self.base, model, announce).record
        return record_of_vectors(self.settings, model, frame, assigned(model, frame), self.discovery.contract)

    def conclude(self, announce: Announce) -> ConcludedDiscovery:
        """Draw and report it, and make its record for the registry; that of a table names no source."""

        def analysis() -> tuple[AnalystRecord | None, str]:
            if self.base is None:
                return self.record(announce), ""
            return analyse(self.settings, self.base, self.discovery.model, announce)

        concluded = record_discovery(self.settings, self.vectors, self.discovery, self.incumbent, analysis, announce)
        record = replace(concluded.record, began=self.began, ended=self.ended)
        if self.base is None:
            kept = {name: block for name, block in record.settings.items() if name not in SOURCE}
            record = replace(record, settings=kept, data_source="a table in memory")
        return replace(concluded, record=record)


def discover_in_table(
    table: pa.Table, settings: Settings, incumbent: Incumbent | None, announce: Announce, progress: Progress
) -> UnloggedDiscovery:
    """Discover segments in a table of one row a customer.

    settings : their only source is the file `FILE` of own vectors. incumbent : a model whose segments go on.

    Raises
    ------
    SegmentsError
        If the table cannot be read, or no segments can be made of it.
    """
    began = time.time()
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(table, Path(folder) / FILE)
        vectors = vectors_of(settings, Path(folder))
    if nameless := vectors.report["vectors"].get("without_customer", 0):
        raise ContractError(
            f"{counted(nameless, 'customer has', 'customers have')} an id that is empty or means missing, such as "
            "'NULL'; rename or drop these rows"
        )
    announce(describe_vectors(vectors, settings.discovery))
    origin = _without_recipe(provenance(settings, vectors))
    discovery = discover_named(settings, vectors, incumbent, origin, announce, progress)
    return UnloggedDiscovery(settings, None, vectors, discovery, incumbent, began, time.time())


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


def discover_in_sources(
    settings: Settings, base: Path, incumbent: Incumbent | None, announce: Announce, progress: Progress
) -> UnloggedDiscovery:
    """Discover segments in the sources of the settings.

    base : the folder from which their paths count. incumbent : a model whose segments go on.

    Raises
    ------
    SegmentsError
        If a table cannot be read, or no segments can be made of it.
    """
    began = time.time()
    vectors = vectors_of(settings, base)
    announce(describe_vectors(vectors, settings.discovery))
    discovery = discover_named(settings, vectors, incumbent, provenance(settings, vectors), announce, progress)
    return UnloggedDiscovery(settings, base, vectors, discovery, incumbent, began, time.time())


def champion_to_continue(settings: Settings, base: Path, announce: Announce) -> Incumbent | None:
    """The champion of the settings' registry, unless they ignore it; None, announced, if the registry does not answer.

    Raises
    ------
    RegistryError
        If the registry refuses.
    """
    if settings.discovery.prefer == "fresh":
        return None
    try:
        return incumbent_of(location_of(settings, base), announce)
    except UnreachableError as error:
        announce(f"{error}. The discovery goes on without a champion to continue")
        return None


def log(unlogged: UnloggedDiscovery, location: RegistryLocation, announce: Announce) -> Sent:
    """Log a discovery and register its model, as the command `discover` does.

    Raises
    ------
    RegistryError
        If the registry cannot be reached or refuses something.
    """
    return send(location, unlogged.conclude(announce).record)


def _without_recipe(origin: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance without the way from raw tables to vectors."""
    settings = {name: block for name, block in origin["settings"].items() if name not in SOURCE}
    return {**{name: part for name, part in origin.items() if name not in RECIPE}, "settings": settings}
