"""Names and texts as the grammar of `where` writes them, for the conditions that messages and `init` propose."""

from __future__ import annotations

import re

from segment_model.errors import SettingsError

READY = "ready"  # in place of the text of a condition over vectors: the ready-made one of that name
PLAIN_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def written_text(text: str) -> str:
    """A text."""
    return "'" + text.replace("'", "''") + "'"


def written_name(name: str) -> str:
    """The name of a column: in quotes unless it is a plain word there."""
    if PLAIN_WORD.fullmatch(name):
        from features.conditions.parse import parse_condition  # imports sqlglot
        from features.conditions.tree import column_names

        try:
            if set(column_names(parse_condition(f"{name} is null or {name} not in ('a', 'b')"))) == {name}:
                return name
        except SettingsError:  # a word of SQL, such as case
            pass
    return '"' + name.replace('"', '""') + '"'
