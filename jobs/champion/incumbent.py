"""The registry steps before a discovery: end the runs of killed processes, and fetch the champion to continue."""

from __future__ import annotations

from registry.connection import RegistryLocation
from registry.orphans.killed_runs import end_killed_runs
from registry.versions.versions import fetch_champion
from segment_model.errors import ArtefactError, counted
from segment_model.model import SegmentModel
from training.progress import Announce


def incumbent_of(location: RegistryLocation, announce: Announce) -> SegmentModel | None:
    """The champion, whose segments a retrain continues; None without a champion, or if it cannot be read (announced).

    Raises
    ------
    RegistryError
        If the registry does not answer or refuses.
    """
    try:
        champion = fetch_champion(location)
    except ArtefactError as error:
        announce(f"the champion cannot be read, so its segments' ids and names are not passed on: {error}")
        return None
    return champion.model if champion else None


def end_killed(location: RegistryLocation, announce: Announce) -> None:
    """End the runs that killed processes left RUNNING, and announce their number.

    Raises
    ------
    RegistryError
        If the registry does not answer or refuses.
    """
    if killed := end_killed_runs(location):
        runs = counted(
            killed, "run that a killed process left RUNNING is", "runs that killed processes left RUNNING are"
        )
        announce(f"{runs} KILLED now")
