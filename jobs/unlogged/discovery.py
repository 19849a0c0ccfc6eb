"""A discovery that is not logged yet, as a notebook holds it: of a settings file, or of a table in memory.

A table goes the way of the source `vectors`, so that a frame and a file of the same values give the same segments.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.vector_table import CustomerVectors
from jobs.champion.incumbent import Incumbent, incumbent_of
from jobs.customer_vectors import describe_vectors, vectors_of
from jobs.named_discovery import discover_named
from jobs.registry_location import location_of
from jobs.run_content.provenance import provenance
from segment_model.errors import ContractError, UnreachableError, counted
from training.discovery.discovery import Discovery
from training.progress import Announce, Progress
from training.settings import Settings

FILE = "vectors.parquet"
CUSTOMER = "customer_id"
RECIPE = ("learned_features", "raw_columns")  # how vectors are made of raw tables: a frame has none
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


def _without_recipe(origin: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance without the way from raw tables to vectors."""
    settings = {name: block for name, block in origin["settings"].items() if name not in SOURCE}
    return {**{name: part for name, part in origin.items() if name not in RECIPE}, "settings": settings}
