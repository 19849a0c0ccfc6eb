"""The grammar of keys: any text, without the blanks around it; whole floats are whole numbers.

Leading zeros and case count. `1e3` stays text; a number with a power behind a fraction (`1.23457E+12`) has lost digits
in a spreadsheet and is no key.
"""

from __future__ import annotations

import re

from features.grammar.moments import BLANKS

WHOLE_FLOAT_PATTERN = r"^-?(?:0|[1-9][0-9]*)\.0+$"  # 17850.0, as pandas writes integers with gaps
EXACT_DOUBLE = 2**53  # from here on, whole numbers have been rounded to a double
ROUNDED_PATTERN = r"^-?[0-9]\.[0-9]+[eE]\+[0-9]+$"
_WHOLE_FLOAT, _ROUNDED = re.compile(WHOLE_FLOAT_PATTERN), re.compile(ROUNDED_PATTERN)


def read_key(text: str) -> str | None:
    """The key that a text writes; None for an empty text and for a number that lost digits."""
    written = text.strip(BLANKS)
    if _WHOLE_FLOAT.fullmatch(written):
        whole = written.partition(".")[0]
        return "0" if whole == "-0" else whole
    return None if _ROUNDED.fullmatch(written) else written or None
