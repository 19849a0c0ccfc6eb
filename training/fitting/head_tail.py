"""Head/tail breaks (Jiang 2013): classes of a heavy-tailed amount, without a threshold that somebody must choose."""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Flags, Floats

MOST_HEAD = 0.45  # share of the customers above the mean; with more the amount has no heavy tail
FEWEST = 3  # customers in a head


def heads(amounts: Floats) -> list[Flags]:
    """The heads of (n,) amounts, each within the one before: those above the mean of all, then of that head, and so on.

    They end where a head is no minority, or has fewer than `FEWEST`.
    """
    members = np.ones(len(amounts), dtype=np.bool_)
    breaks: list[Flags] = []
    while True:
        above = members & (amounts > amounts[members].mean())
        if above.sum() < FEWEST or above.sum() > MOST_HEAD * members.sum():
            return breaks
        breaks.append(above)
        members = above
