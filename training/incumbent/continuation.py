"""The continuation of the incumbent's segments among today's customers.

A customer leaves a segment because the customer changed, or because the model did; only the former is wanted. So the
incumbent's encoding and assigner are kept as they are, to the bit, unless the customers have moved: then centres and
encoding go a part of the way toward those of today, as far as few customers are reassigned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from segment_model.assigners.assigner import Assigner
from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Encoder, Floats, Indices, NumberEncoding, Transform
from segment_model.model import SegmentModel
from training.encoding import EncodedCustomers

MOST_AT_ONCE = 0.04  # share of the customers whom a retrain reassigns because the others have moved
LEAST_CHANGE = 0.01  # of the customers; a smaller change of the shares, or of the borders, is ignored
FEWEST_CHANGED = 3  # customers; among a hundred, a change of fewer is ignored
STEPS = 8  # in which the way toward today is tried
INTERPOLATED = (Transform.NONE, Transform.LOG1P, Transform.YEO_JOHNSON)

EstimateCentres = Callable[[Floats, Indices], Floats | None]


@dataclass(frozen=True)
class Continuation:
    """An encoding with an assigner of its points; way : 0 for those of the incumbent, 1 for those of today."""

    encoder: Encoder
    assigner: Assigner
    way: float


def continue_segments(
    incumbent: SegmentModel,
    members: Indices,
    today: EncodedCustomers,
    estimate: EstimateCentres,
    same_encoding: bool,
    shares: Floats | None = None,
) -> Continuation | None:
    """The incumbent's segments as they go on among today's customers; None where they cannot.

    members : (n,) the incumbent's segment of each of today's customers, -1 for none. estimate : makes centres
    (k, width), of which the nearest decides, of (n, width) points and such segments; None where the borders have no
    centres, or a segment no customer. same_encoding : whether the settings ask for the incumbent's encoding; otherwise,
    and where the basis columns are others, today's centres are taken. shares : (segments,) of all of today's customers,
    where those of `members` are a sample: chance alone gives a sample other shares.
    """
    is_same = same_encoding and set(incumbent.encoder.columns) == {column.name for column in today.contract.basis}
    kept = Continuation(incumbent.encoder, incumbent.assigner, 0.0) if is_same else None
    then = np.array([card.share for card in incumbent.discovered_cards])
    now = shares_of(members, len(then)) if shares is None else shares
    if kept is not None and not shares_have_moved(then, now, len(members)):
        return kept
    sites, centres = incumbent.assigner.sites, estimate(today.points, members)
    if sites is None or centres is None:
        return kept
    least = LEAST_CHANGE if kept is not None else -1.0
    return _toward_today(incumbent.encoder, sites, today, centres, members, least) or kept


def shares_of(members: Indices, segments: int) -> Floats:
    """The share of the customers in each segment, (segments,); members : (n,) segments, -1 for none."""
    return np.bincount(members[members >= 0], minlength=segments) / max(len(members), 1)


def shares_have_moved(then: Floats, now: Floats, customers: int) -> bool:
    """Whether the segments hold other shares of so many customers than then, by the total variation distance."""
    return bool(np.abs(now - then).sum() / 2 >= max(LEAST_CHANGE, FEWEST_CHANGED / max(customers, 1)))


def _toward_today(
    old: Encoder, sites: Floats, today: EncodedCustomers, centres: Floats, members: Indices, least: float
) -> Continuation | None:
    """The farthest step toward today's centres that reassigns at most `MOST_AT_ONCE`.

    None where the whole way reassigns `least` or fewer, and where even the first step reassigns too many; if `least` is
    negative, it is the whole way then, as there is no other.
    """
    known = members >= 0
    whole: Continuation | None = None
    for step in range(STEPS, 0, -1):
        encoder, placed = interpolate(old, sites, today.encoder, centres, step / STEPS)
        assigner = NearestCentroid(np.ascontiguousarray(placed))
        segment = assigner.nearest(encoder.encode(today.raw)).segment
        moved = float(np.mean(segment[known] != members[known]))
        whole = whole or Continuation(encoder, assigner, 1.0)
        if step == STEPS and moved <= least:
            return None
        if moved <= MOST_AT_ONCE:
            return Continuation(encoder, assigner, step / STEPS)
    return whole if least < 0 else None


def interpolate(old: Encoder, sites: Floats, new: Encoder, centres: Floats, share: float) -> tuple[Encoder, Floats]:
    """Interpolate the encodings and the centres (k, width) of two models: a share of 0 is the old one, 1 the new one.

    A column that the old encoding lacks, or encodes in another form, is that of the new one.
    """
    was, now = old.numbers, new.numbers
    former = {name: place for place, name in enumerate(was.names)}
    both = [
        (former[name], place)
        for place, name in enumerate(now.names)
        if name in former
        and now.transforms[place] in INTERPOLATED
        and was.transforms[former[name]] is now.transforms[place]
    ]
    before, after = (np.array(places, dtype=np.intp) for places in (zip(*both, strict=True) if both else ((), ())))
    placed = centres.copy()

    def between(of_old: Floats, of_new: Floats) -> Floats:
        result = of_new.copy()
        result[..., after] = (1 - share) * of_old[..., before] + share * of_new[..., after]
        return result

    placed[:, : len(now.names)] = between(sites[:, : len(was.names)], centres[:, : len(now.names)])
    arrays: dict[str, Any] = {
        field.name: between(getattr(was, field.name), getattr(now, field.name))
        for field in fields(NumberEncoding)
        if field.name not in ("names", "transforms", "quantiles")
    }
    categories = []
    blocks = {
        category.name: (category, start)
        for category, start in zip(old.categories, old.starts[len(was.names) :], strict=True)
    }
    for category, start in zip(new.categories, new.starts[len(now.names) :], strict=True):
        earlier, first = blocks.get(category.name, (category, start))
        if category.name not in blocks or earlier.level_names != category.level_names:
            categories.append(category)
            continue
        block = slice(start, start + category.width)
        placed[:, block] = (1 - share) * sites[:, first : first + category.width] + share * centres[:, block]
        categories.append(replace(category, factor=(1 - share) * earlier.factor + share * category.factor))
    return Encoder(replace(now, **arrays), tuple(categories)), placed
