"""Roll an alias back to the version that it named before, and compare the contracts of the two versions."""

from __future__ import annotations

from registry.connection import RegistryLocation
from registry.versions.versions import fetch
from segment_model.errors import SegmentsError
from serving.model.compatibility import breaks


def contract_warning(location: RegistryLocation, before: str, after: str) -> str:
    """What callers of one version must know before another one serves them; empty where their contracts agree.

    A version that cannot be read is a good reason to roll back, so then only the warning says that nothing was
    compared.
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
