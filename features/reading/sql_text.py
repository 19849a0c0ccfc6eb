"""Texts, names and paths in SQL."""

from __future__ import annotations

import re
from pathlib import Path


def quoted(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """The name of a column or table."""
    return '"' + name.replace('"', '""') + '"'


def quoted_path(path: Path) -> str:
    """A path as a literal; its letters are no pattern."""
    return quoted(re.sub(r"[*?\[]", lambda match: f"[{match[0]}]", str(path)))
