"""The unit in which numbers are summed exactly, and the largest number that may be summed.

Sums of floating-point numbers depend on the order, so ten-thousandths are summed, as whole numbers of 64 bits.
"""

from __future__ import annotations

TEN_THOUSANDTHS = 10_000
LARGEST = 1e12  # a larger number is an error in the data, and its ten-thousandths overflow


def limit_in_words(limit: float) -> str:
    """A power of ten as messages write it: 1e12."""
    return f"{limit:g}".replace("+", "")
