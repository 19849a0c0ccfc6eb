"""Names and texts as the grammar of `where` writes them, for the conditions that messages and `init` propose."""

from __future__ import annotations

from features.grammar.plain_names import is_plain_name
from segment_model.errors import SettingsError
from segment_model.sql_text import quoted, quoted_name

READY = "ready"  # in place of the text of a condition over vectors: the ready-made one of that name


def written_text(text: str) -> str:
    """A text."""
    return quoted(text)


def written_name(name: str) -> str:
    """The name of a column: in quotes unless it is a plain word there."""
    if is_plain_name(name):
        from features.conditions.parse import parse_condition  # imports sqlglot
        from features.conditions.tree import column_names

        try:
            if set(column_names(parse_condition(f"{name} is null or {name} not in ('a', 'b')"))) == {name}:
                return name
        except SettingsError:  # a word of SQL, such as case
            pass
    return quoted_name(name)
