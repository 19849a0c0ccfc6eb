"""Plain names: what our columns may be called, and what needs no quotes in a condition."""

from __future__ import annotations

import re

PLAIN_NAME_PATTERN = "[A-Za-z_][A-Za-z0-9_]*"
_PLAIN_NAME = re.compile(PLAIN_NAME_PATTERN, re.ASCII)


def is_plain_name(name: str) -> bool:
    """Whether a name consists of the letters a to z, digits and underscores, and does not begin with a digit."""
    return _PLAIN_NAME.fullmatch(name) is not None
