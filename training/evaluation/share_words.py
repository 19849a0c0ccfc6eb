"""A share beside the limit that it breaks, in words that show the difference."""

from __future__ import annotations

MOST_DECIMALS = 6


def beside_limit(share: float, limit: float) -> tuple[str, str]:
    """Both as percentages with as many decimals as tell them apart: 0.96 % under 1 % is no "1.0%, under 1.0%"."""
    for decimals in range(1, MOST_DECIMALS):
        words = (f"{share:.{decimals}%}", f"{limit:.{decimals}%}")
        if words[0] != words[1]:
            return words
    return f"{share:.{MOST_DECIMALS}%}", f"{limit:.{MOST_DECIMALS}%}"
