"""Numbers that are written with a unit, such as 5 %, $5.50 or 1.2k: the grammar reads no number of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from features.grammar.numbers import read_number

FEW = 0.1  # the most of the texts that may be other words, such as N/A
CURRENCY = "(?:[$€£¥₹]|EUR|USD|GBP|CHF)"
UNIT = rf"(?:{CURRENCY}|%|[kKMB]{CURRENCY}?|bn|Mio\.?|Mrd\.?|T€|kg|km|h|d|days|min)"  # behind a number
WITH_UNIT = re.compile(rf"[-+(]?(?:{CURRENCY} ?[-+]?\d[\d.,' ]*{UNIT}?|[-+]?\d[\d.,' ]*{UNIT})\)?", re.ASCII)


def are_with_units(texts: Sequence[str], decimal: str) -> bool:
    """Whether different texts are numbers of which some have a unit, except for a few other words.

    decimal : the decimal mark; empty where it is not known.
    """
    units = sum(WITH_UNIT.fullmatch(text) is not None for text in texts)
    if not units:
        return False
    numbers = sum(WITH_UNIT.fullmatch(text) is None and read_number(text, decimal) is not None for text in texts)
    return len(texts) - units - numbers <= FEW * len(texts) and units > FEW * len(texts)
