"""The colours of segments: one a segment id, the same on the page, in every picture and in the explorer.

A segment's colour is that of its id's rank among the ids of its model, so it does not change with sizes or names.
"""

from __future__ import annotations

from collections.abc import Sequence

# Okabe and Ito's colour-blind-safe colours without yellow, which is invisible on white, then some of Paul Tol's.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9",
    "#882255", "#999933", "#332288", "#8C6D4F", "#117733", "#5F6B73",
)  # fmt: skip
# The same hues, light enough for a dark page.
DARK_PALETTE = (
    "#4BA3DB", "#F2B84B", "#2CC295", "#E3A1C6", "#F08A4B", "#8CCBF2",
    "#CF6F9F", "#C2C25E", "#9A8AF0", "#C2A382", "#5FB374", "#A3B0B9",
)  # fmt: skip
NOBODY = "#BCC1C9"


def colour_ranks(ids: Sequence[str]) -> tuple[int, ...]:
    """For each segment of a model, in order, the rank of its id among all: what `colour_of` takes."""
    ranks = {segment_id: rank for rank, segment_id in enumerate(sorted(set(ids)))}
    return tuple(ranks[segment_id] for segment_id in ids)


def colour_of(rank: int) -> str:
    """The colour of the segment whose id has this rank; that of the unassigned at -1."""
    return PALETTE[rank % len(PALETTE)] if rank >= 0 else NOBODY
