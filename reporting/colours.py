"""The colours of segments, the same on the page and in every picture."""

from __future__ import annotations

# Okabe and Ito's colour-blind-safe colours without yellow, which is invisible on white, then some of Paul Tol's.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9",
    "#882255", "#999933", "#332288", "#8C6D4F", "#117733", "#5F6B73",
)  # fmt: skip
NOBODY = "#BCC1C9"


def colour_of(position: int) -> str:
    """The colour of the segment at a position of the model's cards; of the unassigned at -1."""
    return PALETTE[position % len(PALETTE)] if position >= 0 else NOBODY
