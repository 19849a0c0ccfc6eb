"""The segment that a person means: by its id, its present name, or a former name that no other segment has."""

from __future__ import annotations

from collections.abc import Mapping

from segment_model.errors import ContractError, nearest_word


def find_segment(wanted: str, present: Mapping[str, str], former: Mapping[str, str]) -> str | None:
    """The id of a segment; None if no segment has such an id or name.

    An id wins over a name, and a present name over a former one. Case and surrounding blanks of a name do not count.

    present, former : names by id.

    Raises
    ------
    ContractError
        If several segments have the name.
    """
    if wanted in present or wanted in former:
        return wanted
    for names in (present, former):
        bearers = sorted(segment_id for segment_id, name in names.items() if _plain(name) == _plain(wanted))
        if len(bearers) > 1:
            raise ContractError(
                f"{wanted!r} is the name of {' and of '.join(bearers)}: write the id of the one you mean"
            )
        if bearers:
            return bearers[0]
    return None


def listed_segments(names: Mapping[str, str]) -> str:
    """The segments of a message: "seg-a ('champions'), seg-b ('hibernating')"."""
    return ", ".join(f"{segment_id} ({name!r})" for segment_id, name in names.items())


def nearest_segment(wanted: object, names: Mapping[str, str]) -> str:
    """A hint at the id or name nearest to what was written, or an empty string."""
    return nearest_word(wanted, [*names, *names.values()])


def _plain(name: str) -> str:
    return name.strip().casefold()
