"""Where a retrain would move many customers at once, its centres go only a part of the way.

Customers leave a segment because they changed, or because the model did; the second kind is the one that nobody asked
for. The centres of the brake lie between where the incumbent has them and the means of the same customers today, at
least half way to the latter: what is put off now is made up for by the retrains to come.
"""

from __future__ import annotations

from collections.abc import Iterator

from segment_model.encoding.encoder import Encoder, Floats, Transform
from segment_model.model import SegmentModel

MOST_AT_ONCE = 0.04  # share of customers
MOST_BRAKED = 0.5  # share of the way that is put off
STEPS = 8
STRAIGHT = (Transform.NONE, Transform.LOG1P)  # what one model encodes so is a line in another's coordinates


def braked(today: Floats, before: Floats) -> Iterator[Floats]:
    """Centres (k, width) on the way from `today` back to `before`, half of the way at most."""
    for step in range(1, STEPS + 1):
        put_off = MOST_BRAKED * step / STEPS
        yield (1 - put_off) * today + put_off * before


def carried_over(incumbent: SegmentModel, encoder: Encoder, today: Floats) -> Floats:
    """The incumbent's centres (k, width) in the coordinates of another encoder.

    Where a coordinate is not the incumbent's, or has another transform there, that of `today` stands; so do all of
    them where the incumbent has no centres.
    """
    carried = today.copy()
    centres, old = incumbent.assigner.sites, incumbent.encoder
    if centres is None:
        return carried
    was, now = old.numbers, encoder.numbers
    former = {name: place for place, name in enumerate(was.names) if was.factor[place]}
    for place, (name, transform) in enumerate(zip(now.names, now.transforms, strict=True)):
        before = former.get(name)
        if before is not None and transform in STRAIGHT and was.transforms[before] is transform:
            value = centres[:, before] / was.factor[before] + was.center[before]
            carried[:, place] = (value - now.center[place]) * now.factor[place]
    blocks = dict(zip((category.name for category in old.categories), old.starts[len(was.names) :], strict=True))
    levels = {category.name: category for category in old.categories}
    for category, start in zip(encoder.categories, encoder.starts[len(now.names) :], strict=True):
        one = levels.get(category.name)
        if one is not None and one.level_names == category.level_names and one.factor:
            block = centres[:, blocks[category.name] : blocks[category.name] + one.width]
            carried[:, start : start + one.width] = block / one.factor * category.factor
    return carried
