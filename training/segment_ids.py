"""Segment ids: opaque, and made from what they stand for, so that the same discovery gives the same ids."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection

LETTERS = 8


def numbered_id(seed: str, number: int) -> str:
    """The id that a seed has under a number, such as "seg-bxwgagla"."""
    mark = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    return "seg-" + base64.b32encode(mark)[:LETTERS].decode().lower()


def fresh_id(seed: str, forbidden: Collection[str]) -> str:
    """The first id of a seed that is not forbidden."""
    number = 0
    while (made := numbered_id(seed, number)) in forbidden:
        number += 1
    return made
