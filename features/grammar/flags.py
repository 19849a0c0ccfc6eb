"""Words for yes and no; upper and lower case are one."""

from __future__ import annotations

YES = frozenset({"1", "1.0", "true", "t", "yes", "y"})  # pandas writes 1.0 for a flag of a column with gaps
NO = frozenset({"0", "0.0", "false", "f", "no", "n"})


def read_flag(text: str) -> float | None:
    """1.0 or 0.0; None for any other text."""
    word = text.strip().lower()
    return 1.0 if word in YES else 0.0 if word in NO else None
