"""Who runs this process, as the registry records it beside what people decide."""

from __future__ import annotations

import getpass

UNKNOWN = "unknown"


def current_person() -> str:
    """The name of the user who runs this process; "unknown" where the machine has none, such as in a container."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return UNKNOWN
