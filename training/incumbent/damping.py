"""Damping: where a retrain would move many customers at once, its centres move only a part of the way.

A customer leaves a segment because the customer changed, or because the model did; only the former is wanted. Damped
centres lie between the incumbent's centres and today's means of its segments, at least half way to the means. Later
retrains move them further.
"""

from __future__ import annotations

from collections.abc import Iterator

from segment_model.encoding.encoder import Encoder, Floats, Transform
from segment_model.model import SegmentModel

MOST_AT_ONCE = 0.04  # share of customers
MOST_DAMPING = 0.5  # share of the way that is left to later retrains
STEPS = 8  # of increasing damping
STRAIGHT = (Transform.NONE, Transform.LOG1P)  # without fitted parameters: two encoders differ by shift and scale only


def damped_centres(today: Floats, before: Floats) -> Iterator[Floats]:
    """Centres (k, width) on the way from `today` back to `before`, by ever more damping, half of the way at most."""
    for step in range(1, STEPS + 1):
        put_off = MOST_DAMPING * step / STEPS
        yield (1 - put_off) * today + put_off * before


def carried_over(incumbent: SegmentModel, encoder: Encoder, today: Floats) -> Floats:
    """The incumbent's centres (k, width) in the coordinates of another encoder.

    A coordinate that the incumbent lacks or transforms differently is that of `today`; so are all coordinates of an
    incumbent whose assigner has no centres.
    """
    carried = today.copy()
    centres = incumbent.assigner.sites
    if centres is None:
        return carried
    _carry_numbers(centres, incumbent.encoder, encoder, carried)
    _carry_categories(centres, incumbent.encoder, encoder, carried)
    return carried


def _carry_numbers(centres: Floats, old: Encoder, new: Encoder, carried: Floats) -> None:
    was, now = old.numbers, new.numbers
    former = {name: place for place, name in enumerate(was.names) if was.factor[place]}
    for place, (name, transform) in enumerate(zip(now.names, now.transforms, strict=True)):
        before = former.get(name)
        if before is not None and transform in STRAIGHT and was.transforms[before] is transform:
            unscaled = centres[:, before] / was.factor[before] + was.center[before]
            carried[:, place] = (unscaled - now.center[place]) * now.factor[place]


def _carry_categories(centres: Floats, old: Encoder, new: Encoder, carried: Floats) -> None:
    blocks = zip(old.categories, old.starts[len(old.numbers.names) :], strict=True)
    former = {category.name: (category, start) for category, start in blocks}
    for category, start in zip(new.categories, new.starts[len(new.numbers.names) :], strict=True):
        was, first = former.get(category.name, (None, 0))
        if was is not None and was.level_names == category.level_names and was.factor:
            block = centres[:, first : first + was.width]
            carried[:, start : start + was.width] = block / was.factor * category.factor
