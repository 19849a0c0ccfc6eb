"""The registry steps before a discovery: end the runs of killed processes, and fetch the champion to continue."""

from __future__ import annotations

from dataclasses import dataclass

from registry.connection import RegistryLocation
from registry.orphans.killed_runs import end_killed_runs
from registry.versions.versions import fetch_champion
from segment_model.errors import ArtefactError, counted
from segment_model.model import SegmentModel
from training.progress import Announce


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The model whose segments a retrain continues. version : its registered one; empty for a model from elsewhere."""

    model: SegmentModel
    version: str = ""

    @property
    def words(self) -> str:
        """Which model it is, such as "version 3, as of 2026-06-01"; empty where neither is known."""
        as_of = self.model.provenance.get("as_of", "")
        known = (f"version {self.version}" if self.version else "", f"as of {as_of}" if as_of else "")
        return ", ".join(part for part in known if part)


def incumbent_of(location: RegistryLocation, announce: Announce) -> Incumbent | None:
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
    return Incumbent(champion.model, champion.version) if champion else None


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
