"""Send pending discoveries, which finished while the registry did not answer, each exactly once.

A tag of the run identifies its discovery. A discovery whose run is finished is not logged again, and a run that is
registered is not registered again. So if a process dies at any point, the next sync continues.

Segment ids: a discovery continues the segments of a champion. If that champion is still the present one, or there is
none now, the discovery is sent unchanged. Under another champion its ids and names would compete with those that people
know; so the job discovers the kept customers again, with the same settings and seed, to continue the present champion.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.champion.incumbent import end_killed, incumbent_of
from jobs.conclusion import conclude
from jobs.delivery import Sent, send
from jobs.registry_location import location_of
from registry.connection import RegistryLocation
from registry.runs.discovery_runs import DISCOVERY, finished_run
from registry.versions.registration import register
from segment_model.errors import SegmentsError, SettingsError, UnreachableError
from segment_model.storage.file_lock import exclusive_lock
from training.outbox.pending_runs import (
    FOLDER,
    LOCK,
    Pending,
    delete_sent,
    read_pending,
    remove_leftovers,
    waiting_folders,
)
from training.progress import Announce, Progress
from training.settings import Settings


@dataclass(frozen=True)
class Synced:
    """The outcome of a sync.

    sent : the discoveries sent, oldest first. others : how many wait for another registered name or experiment.
    failed : a line on each that could not be sent, or whose folder could not be deleted.
    """

    sent: tuple[Sent, ...]
    others: int
    failed: tuple[str, ...] = ()


def sync(settings: Settings, base: Path, announce: Announce, progress: Progress) -> Synced:
    """Send the discoveries that wait below the folder `base` for the registry of the settings.

    A discovery that cannot be sent, for instance because its folder is damaged, stays and does not stop the others.

    Raises
    ------
    UnreachableError
        If the registry still does not answer; what is not sent yet stays.
    RegistryError
        If it refuses before the first discovery is sent.
    SettingsError
        If another process is sending.
    """
    leftovers = remove_leftovers(base)
    folders, others = waiting_folders(base, settings)
    if not folders:
        return Synced((), others, leftovers)
    place = base / FOLDER
    with exclusive_lock(place / LOCK, f"another process sends what waits in {place} now: ask again when it is through"):
        synced = _sync_under_lock(settings, base, announce, progress)
    return replace(synced, failed=(*leftovers, *synced.failed))


def _sync_under_lock(settings: Settings, base: Path, announce: Announce, progress: Progress) -> Synced:
    folders, others = waiting_folders(base, settings)  # asked anew: another process may have sent some just before
    location = location_of(settings, base)
    sent, failed = [], []
    end_killed(location, announce)
    for folder in folders:
        try:
            sent.append(_send(location, read_pending(folder), announce, progress, base))
        except UnreachableError:
            raise
        except SegmentsError as error:
            failed.append(f"{folder} cannot be sent: {error}. Delete the folder to give it up")
            continue
        try:
            delete_sent(folder)
        except SettingsError as error:
            failed.append(str(error))
    return Synced(tuple(sent), others, tuple(failed))


def _send(location: RegistryLocation, pending: Pending, announce: Announce, progress: Progress, base: Path) -> Sent:
    run_id = finished_run(location, pending.discovery)
    if run_id is not None:
        return Sent(run_id, register(location, run_id))
    champion = incumbent_of(location, announce)
    if champion is None or champion.model.digest == pending.champion:
        announce(f"sending {pending.folder.name}")
        return send(location, pending.record, pending.files)
    knew = "another champion" if pending.champion else "no champion"
    announce(f"{pending.folder.name} knew {knew}: discovering anew, to continue the segments of the present one")
    began = time.time()
    anew = conclude(pending.settings, pending.vectors, champion, announce, progress, base).record
    record = replace(
        anew,
        tags={**anew.tags, DISCOVERY: pending.discovery},
        parameters=pending.record.parameters,  # the kept settings do not say which of them a person set
        began=began,
        ended=time.time(),
    )
    return send(location, record)
