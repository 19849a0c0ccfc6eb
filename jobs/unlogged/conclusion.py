"""Reports and logs a discovery that a notebook holds, as the command `discover` does with its own."""

from __future__ import annotations

from dataclasses import replace

from analytics.record import AnalystRecord
from jobs.conclusion import ConcludedDiscovery, analyse, record_discovery
from jobs.delivery import Sent, send
from jobs.membership.month_members import assigned
from jobs.record import compute, record_of_vectors
from jobs.unlogged.discovery import SOURCE, UnloggedDiscovery
from registry.connection import RegistryLocation
from training.progress import Announce


def record_of(unlogged: UnloggedDiscovery, announce: Announce) -> AnalystRecord:
    """The analyst's record: of a settings file all figures, of a table shares and quartiles by segment.

    Raises
    ------
    SegmentsError
        If a table cannot be read.
    """
    model, frame = unlogged.discovery.model, unlogged.vectors.frame
    if unlogged.base is not None:
        return compute(unlogged.settings, unlogged.base, model, announce).record
    return record_of_vectors(unlogged.settings, model, frame, assigned(model, frame), unlogged.discovery.contract)


def conclude(unlogged: UnloggedDiscovery, announce: Announce) -> ConcludedDiscovery:
    """Draw and report it, and make its record for the registry; that of a table names no source."""

    def analysis() -> tuple[AnalystRecord | None, str]:
        if unlogged.base is None:
            return record_of(unlogged, announce), ""
        return analyse(unlogged.settings, unlogged.base, unlogged.discovery.model, announce)

    concluded = record_discovery(
        unlogged.settings, unlogged.vectors, unlogged.discovery, unlogged.incumbent, analysis, announce
    )
    record = replace(concluded.record, began=unlogged.began, ended=unlogged.ended)
    if unlogged.base is None:
        kept = {name: block for name, block in record.settings.items() if name not in SOURCE}
        record = replace(record, settings=kept, data_source="a table in memory")
    return replace(concluded, record=record)


def log(unlogged: UnloggedDiscovery, location: RegistryLocation, announce: Announce) -> Sent:
    """Log a discovery and register its model, as the command `discover` does.

    Raises
    ------
    RegistryError
        If the registry cannot be reached or refuses something.
    """
    return send(location, conclude(unlogged, announce).record)
