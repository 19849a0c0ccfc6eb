"""The warning after a rollback: where the contract of the restored version breaks requests to the former one."""

from __future__ import annotations

from registry.connection import RegistryLocation
from registry.versions.versions import fetch
from segment_model.errors import SegmentsError
from serving.model.compatibility import breaks


def contract_warning(location: RegistryLocation, before: str, after: str) -> str:
    """How requests to version `before` may fail at version `after`, in a sentence; empty where the contracts agree.

    An unreadable version is a good reason to roll back, so it is no error: the sentence says that the contracts were
    not compared.
    """
    try:
        broken = breaks(fetch(location, before).model.contract, fetch(location, after).model.contract)
    except SegmentsError as error:
        return f"the contracts of versions {before} and {after} were not compared: {error}"
    if not broken:
        return ""
    return (
        f"callers of version {before} may stumble: {'; '.join(broken)}. A service that served version {after} before "
        "takes it back all the same; another one needs SEGMENTS_ANY_CONTRACT=true"
    )
