"""Paths in SQL."""

from __future__ import annotations

import re
from pathlib import Path

from segment_model.sql_text import quoted


def quoted_path(path: Path) -> str:
    """A path as a literal; its letters are no pattern."""
    return quoted(re.sub(r"[*?\[]", lambda match: f"[{match[0]}]", str(path)))
