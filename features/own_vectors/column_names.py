"""Names for the columns of a user's own vectors: letters a to z, digits and underscores, as all our columns have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from features.grammar.plain_names import is_plain_name

LONGEST = 40  # characters: PostgreSQL cuts names at 63 bytes, and the readers of a table put words before them
# names that the readers of a table use themselves
RESERVED = re.compile(r"customer_id|null_words_in_\w+|with_\w+_as_missing", re.IGNORECASE)


def plain_names(theirs: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Our name for each of their names; all differ, whatever the case, also from the names that are taken.

    A name that is plain already stays as it is.
    """
    used = {name.lower() for name in taken}
    named: dict[str, str] = {}
    waiting = []
    for name in theirs:
        if is_usable(name) and name.lower() not in used:
            named[name] = name
            used.add(name.lower())
        else:
            waiting.append(name)
    for name in waiting:
        named[name] = _unused(_plain(name), used)
        used.add(named[name].lower())
    return named


def is_usable(name: str) -> bool:
    """Whether a name may be that of a column in the vector."""
    return len(name) <= LONGEST and is_plain_name(name) and not RESERVED.fullmatch(name)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "_", letters).strip("_") or "column"
    if words[0].isdigit() or RESERVED.fullmatch(words):
        words = f"own_{words}"
    return words[:LONGEST].rstrip("_")


def _unused(name: str, used: set[str]) -> str:
    number, candidate = 1, name
    while candidate.lower() in used:
        number += 1
        ending = f"_{number}"
        candidate = name[: LONGEST - len(ending)] + ending
    return candidate
