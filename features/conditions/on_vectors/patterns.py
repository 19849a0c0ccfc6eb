"""Patterns of `like`: `%` is any text, `_` any one character."""

from __future__ import annotations

import re


def compiled_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression for `fullmatch`, which takes no more than time times length to match.

    Each part between two `%` is matched at the first place where it fits and never again (as `fnmatch.translate` does):
    a later place could not help the parts after it.
    """
    first, *others = pattern.split("%")
    if not others:
        return re.compile(_literal_part(first), re.DOTALL)
    *middle, last = others
    inner = "".join(f"(?>.*?{_literal_part(part)})" for part in middle if part)
    return re.compile(f"{_literal_part(first)}{inner}.*{_literal_part(last)}", re.DOTALL)


def _literal_part(part: str) -> str:
    return "".join("." if letter == "_" else re.escape(letter) for letter in part)
